package datasets_test

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func TestCleanEditsADatasetAndNoFile(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json")
	for _, step := range []struct{ line, want string }{
		{"%clean --delete red/0.png", "photos: 23 images in 2 classes"},
		{"%clean --relabel red/1.png --to blue", "photos: 23 images in 2 classes"},
		{"%clean --undo 1", "photos: 24 images in 2 classes"},
		{"%clean", "No model is trained yet, so only copies are listed."},
	} {
		if got := p.Must(t, step.line).Output(); !strings.Contains(got, step.want) {
			t.Errorf("%s says %q, want %q", step.line, got, step.want)
		}
	}
	log, _ := p.Must(t, "%clean --log").Outputs()[0].Bundles[0].Data[display.MIMEText].(string)
	for _, want := range []string{"delete", "relabel", "undo", "red/1.png"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	for line, want := range map[string]string{
		"%clean --keep red/nowhere.png":         `it has no image "red/nowhere.png"`,
		"%clean --log --delete red/2.png":       "clean: --log shows the edits, and makes none",
		"%clean --log --undo 0":                 "clean: --log shows the edits, and makes none",
		"%clean --keep red/2.png --to blue":     "clean: --to needs --relabel",
		"%clean other":                          `unknown dataset "other", have photos`,
		"%clean --relabel red/2.png --to green": "green",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}

	p.Must(t, "%model resnet50 --weights random --cut conv1 --head none", "%train --epochs 1")
	outputs := p.Must(t, "%clean").Outputs()
	if len(outputs) == 0 {
		return // the model doubts nothing, which is its right
	}
	data := outputs[len(outputs)-1].Bundles[0].Data
	shown, ok := data[datasets.MIMEClean].(map[string]any)
	if !ok || shown["dataset"] != "photos" || !strings.Contains(shown["note"].(string), "images that it was not trained on") {
		t.Errorf("the extension gets %v", shown)
	}
}

// An edit loads the dataset again, long after the cell of the first load has ended: nothing is added to that cell.
func TestAnEditAddsNothingToTheCellOfTheLoad(t *testing.T) {
	p := transfertest.New(t)
	loaded := p.Must(t, "%dataset load photos --size 32")
	before := len(loaded.Outputs())
	time.Sleep(600 * time.Millisecond)
	p.Must(t, "%clean --delete red/0.png")
	for _, o := range loaded.Outputs()[before:] {
		t.Errorf("the first cell got %+v", o)
	}
}
