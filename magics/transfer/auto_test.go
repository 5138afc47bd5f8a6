package transfer_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// Without flags the recipe is auto: what was compared is a table, what was chosen a line, and the model is one like any other.
func TestTrainWithoutFlags(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv2")
	host := p.Must(t, "%train --run second --seed 3", "%train --run first")
	shown := host.Outputs()
	if len(shown) != 2 {
		t.Fatalf("%d figures, want the run's and the table", len(shown))
	}
	card, ok := shown[0].Bundles[len(shown[0].Bundles)-1].Data[figure.MIMERun].(runstatus.Card)
	if !ok || card.State != runstatus.StateDone || card.Choice == nil || card.ValAccuracyInterval == nil || card.Epoch != 1 || card.Epochs != 1 {
		t.Errorf("the card has %+v", card)
	}
	if text := transfertest.Transcript(host, nil); !strings.Contains(text, "cross-validation") || !strings.Contains(text, "chosen") || !strings.Contains(text, "conv1") {
		t.Errorf("the table is missing:\n%s", text)
	}
	if said := host.Output(); !strings.Contains(said, "measured once: ") || !strings.Contains(said, "95 % interval") {
		t.Errorf("the cell says %q", said)
	}
	if notes := strings.Join(card.Notes, " "); !strings.Contains(notes, "5-fold cross-validation of") || !strings.Contains(notes, "the best of the others") {
		t.Errorf("the notes are %q", notes)
	}
	for line, want := range map[string]string{
		"%evaluate":                  "95 % interval",
		"%predict photos/red/0.png":  "",
		"%explain photos/red/0.png":  "",
		"%verify first":              "first: identical",
		"%runs":                      "",
		"%runs compare first second": "",
		"%save model":                "",
	} {
		if got := p.Must(t, line); !strings.Contains(got.Output(), want) {
			t.Errorf("%s says %q, want %q in it", line, got.Output(), want)
		}
	}
	// A new process knows the run from disk, and the model from its folder.
	restarted := transfertest.Open(t, p.Home)
	for _, cell := range []struct{ line, want string }{ // in this order: the last one needs what the one before loads
		{"%evaluate --run first --dir photos", "accuracy"},
		{"%attach first", ""},
		{"%verify first", "first: identical"},
		{"%load model --name saved", ""},
		{"%verify saved", "identical"},
	} {
		if got := restarted.Must(t, cell.line); !strings.Contains(got.Output(), cell.want) {
			t.Errorf("after a restart %s says %q, want %q in it", cell.line, got.Output(), cell.want)
		}
	}
	var told runstatus.Card
	if err := json.Unmarshal([]byte(p.Must(t, "%train --json").Output()), &told); err != nil || told.Choice == nil || told.ChoiceSummary == "" {
		t.Errorf("as JSON the run is %+v, %v", told, err)
	}
}

// A flag that only gradient descent understands selects the classic recipe, as does a head that was asked for.
func TestWhichRecipe(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32")
	const plain = "%model resnet50 --weights random --cut conv1"
	for _, c := range []struct {
		model, train string
		want         recipe.Method
	}{
		{plain, "%train --run a1", recipe.MethodAuto},
		{plain, "%train --run a2 --seed 3 --class-weights auto", recipe.MethodAuto},
		{plain, "%train --run a3 --recipe auto", recipe.MethodAuto},
		{plain, "%train --run c1 --epochs 1", recipe.MethodClassic},
		{plain, "%train --resume c1", recipe.MethodClassic}, // the recipe is the run's
		{plain, "%train --run c2 --recipe classic --epochs 1", recipe.MethodClassic},
		{plain + " --head dense:4", "%train --run c3", recipe.MethodClassic},
		{plain + " --head dense:4", "%train --run a4 --recipe auto", recipe.MethodAuto},
		{plain + " --pool none", "%train --run c4", recipe.MethodClassic},
		{"%model resnet50 --weights random --cut conv2 --head dense:4", "%train --run f1 --recipe finetune --epochs 2 --augment-copies 1", recipe.MethodFinetune},
	} {
		p.Must(t, c.model, c.train)
		run, err := p.Lab().Run("")
		if err != nil {
			t.Fatal(err)
		}
		if got := run.Stand().Recipe; got.Method != c.want {
			t.Errorf("%s, %s: the recipe is %s, want %s", c.model, c.train, got.Method, c.want)
		}
	}
	for line, want := range map[string]string{
		"%train --recipe auto --epochs 3":    "--epochs belongs to the classic recipe",
		"%train --recipe best":               "must be one of auto, classic, finetune",
		"%train --recipe finetune --find-lr": "--find-lr belongs to the classic recipe",
		"%train --momentum 0.5":              "--momentum 0.5 has no effect without --optimizer momentum",
		"%train --resume c1 --lr 0.5":        "resume c1: --lr 0.5: the run has 0.001",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
}

// %tune shows cross-validated accuracies with their errors, and names as the accuracy to expect only what the validation images measured,
// which had no part in the choice.
func TestTuneReportsTheValidationImages(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1")
	host := p.Must(t, "%tune --trials 2 --epochs 1")
	said := regexp.MustCompile(`chosen by a cross-validated accuracy of [0-9.]+ ± [0-9.]+ %; validation accuracy ([0-9.]+ % \(95 % interval .*\))`).FindStringSubmatch(host.Output())
	evaluation, err := p.Lab().Evaluate(t.Context(), lab.Ref{}, lab.EvaluateOptions{Split: "val"})
	if err != nil {
		t.Fatal(err)
	}
	if r := evaluation.Report; said == nil || said[1] != metric.Percent(r.Accuracy, r.Images) {
		t.Errorf("the cell says %q, want the %s of %%evaluate", host.Output(), metric.Percent(r.Accuracy, r.Images))
	}
	if shown := transfertest.Transcript(host, nil); !strings.Contains(shown, "std error") || !strings.Contains(shown, "chose the classifier, so that the highest is too high") {
		t.Errorf("the table of the candidates has no errors or no warning:\n%s", shown)
	}
}
