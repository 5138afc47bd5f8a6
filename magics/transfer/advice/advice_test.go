package advice_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A notebook is told of magics, and a command line of flags and commands that it has.
func TestAdviceNamesWhatItsReaderHas(t *testing.T) {
	fetch := &resnet.FetchError{Set: resnet.Sets()[0], Path: "/hub/model.safetensors", Err: errors.New("no such host")}
	for _, test := range []struct {
		err                error
		notebook, terminal string
	}{
		{&named.NotFoundError{Kind: named.KindRun, Name: "thrid", Have: []string{"first"}}, "%runs lists them", "headstart runs lists them"},
		{&named.NotFoundError{Kind: named.KindRun, Name: "fisrt", Have: []string{"first"}}, "did you mean first?", "did you mean first?"},
		{&record.UnfinishedError{Run: "first", Status: progress.Interrupted}, "%train --resume first", "headstart train DIR --resume first"},
		{&lab.RunExistsError{Run: "first"}, "continue it with %train --resume first", "continue it with --resume first"},
		{&preflight.Error{Diagnoses: []diagnosis.Diagnosis{{Code: preflight.CodePreprocess, Sentence: "S."}}},
			"(%model --preprocess auto)", "(--preprocess auto)"},
		{fetch, "\nput the file at /hub/model.safetensors (SHA-256", "use --weights sample, which needs no network"},
		{&classifier.NoBackboneError{}, "(--weights FILE)", "(--weights FILE)"},
		{&teaching.NothingTaughtError{Model: "pets"}, "%teach CLASS FILE --model pets", "headstart teach MODEL FILE --class NAME"},
		{&teaching.FewClassesError{Model: "pets"}, "%teach CLASS FILE --model pets", "headstart teach MODEL FILE --class NAME"},
		{&imagefolder.OptionError{Field: "val", Problem: "must be less"}, "(--val)", "(--val)"},
	} {
		for reader, want := range map[advice.Reader]string{advice.Notebook: test.notebook, advice.Terminal: test.terminal} {
			wrapped := fmt.Errorf("train: %w", test.err)
			got := reader.Add(wrapped)
			if !strings.Contains(got.Error(), want) || !errors.Is(got, test.err) {
				t.Errorf("%v says %q, want %q", test.err, got, want)
			}
			if again := reader.Add(got); again.Error() != got.Error() {
				t.Errorf("asked twice, it says %q", again)
			}
			if reader == advice.Terminal && strings.Contains(got.Error(), "%") {
				t.Errorf("the command line is told of a magic: %q", got)
			}
		}
	}
	if text := advice.Notebook.Add(fetch).Error(); strings.Count(text, "\n") != 1 {
		t.Errorf("weights without a network are not two lines: %q", text)
	}
	if !advice.Misused(advice.Terminal.Add(&imagefolder.OptionError{Field: "val"})) || advice.Misused(fetch) {
		t.Error("a flag with a bad value and a failure are not told apart")
	}
}

// TestErrorsShowWhatATerminalObeys: they name strangers' files and classes, also where a hint is added.
func TestErrorsShowWhatATerminalObeys(t *testing.T) {
	for _, err := range []error{
		fmt.Errorf("read \x1b[2J\u202e: %w", errors.ErrUnsupported), &named.NotFoundError{Kind: named.KindRun, Name: "x", Have: []string{"y\x1b[2J\u202e"}},
	} {
		got := advice.Notebook.Add(err)
		if strings.ContainsAny(got.Error(), "\x1b\u202e") || !strings.Contains(got.Error(), `\u001b[2J\u202e`) || !errors.Is(got, err) {
			t.Errorf("it says %q", got)
		}
	}
	if advice.Notebook.Add(nil) != nil {
		t.Error("what did not fail is an error")
	}
}
