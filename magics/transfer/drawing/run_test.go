package drawing

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/live"
)

// TestLiveRun: each update has the card's payload and the text as they are; the image is rendered every few seconds.
func TestLiveRun(t *testing.T) {
	clock := time.Unix(1000, 0)
	stand := runstatus.Stand{Run: record.Run{Name: "a", Dataset: "photos", Epochs: 100, ValImages: 4, Status: progress.Running}}
	f := live.New(RunForms(func() runstatus.Stand { return stand }, advice.Notebook, true), func() time.Time { return clock })
	host := &magictest.Host{}
	if err := f.Attach(t.Context(), host); err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= 10; epoch++ { // one a second
		clock = clock.Add(time.Second)
		stand.Hear(progress.Event{Kind: progress.EpochEvent, Epoch: &history.Epoch{Epoch: epoch, Loss: 1 / float64(epoch), ValAccuracy: 0.5}})
		f.Change()
		if err := f.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := shownLast(t, host)
		if data, ok := last.Data[figure.MIMERun].(runstatus.Card); !ok || data.Epoch != epoch || data.State != runstatus.StateRunning {
			t.Errorf("in epoch %d the card has %v", epoch, last.Data[figure.MIMERun])
		}
		if text, _ := last.Data[display.MIMEText].(string); !strings.Contains(text, "epoch "+string(rune('0'+epoch%10))) && epoch < 10 {
			t.Errorf("in epoch %d the text is %q", epoch, text)
		}
		if last.Data[display.MIMEPNG] == nil || last.Data[display.MIMEVegaLite] == nil {
			t.Errorf("in epoch %d a page without the extension has nothing to show", epoch)
		}
	}
	var images [][]byte
	for _, b := range host.Outputs()[0].Bundles {
		if png := b.Data[display.MIMEPNG].([]byte); len(images) == 0 || !bytes.Equal(images[len(images)-1], png) {
			images = append(images, png)
		}
	}
	if len(images) != 4 { // at 0, 3, 6 and 9 s
		t.Errorf("%d images were rendered in 10 s, want 4", len(images))
	}
	stand.Hear(progress.Event{Kind: progress.DoneEvent, Status: progress.Finished})
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(shownLast(t, host).Data[display.MIMEPNG].([]byte), images[len(images)-1]) {
		t.Error("the end is not rendered")
	}
}

// A run that did not reach its planned epochs says how many it has, and which accuracy is which.
func TestTheLineOfARun(t *testing.T) {
	epochs := history.History{
		{Epoch: 1, Loss: 2, ValLoss: 0.5, ValAccuracy: 0.75, Best: true}, {Epoch: 2, Loss: 1, ValLoss: 0.75, ValAccuracy: 0.875, Rate: 5000},
	}
	run := record.Run{Name: "a", Dataset: "photos", Epochs: 2000, ValImages: 8, History: epochs, Recipe: recipe.DefaultRecipe()}
	both := "val accuracy 75.0 % (95 % interval 40.9 to 92.9) at the lowest validation loss (epoch 1), highest 87.5 % (epoch 2)"
	for _, test := range []struct {
		status        progress.Status
		history       history.History
		want, without string
	}{
		{progress.Running, epochs, both, "images/s"},
		{progress.EarlyStop, epochs, "stopped · epoch 2 · best 1 · " + both, "of 2000"},
		{progress.Finished, epochs, "done · epoch 2 of 2000", "planned"},
		{progress.Stopped, nil, "stopped", "failed"},
		{progress.Failed, epochs, "failed · epoch 2 · best 1", "of 2000"},
	} {
		run.Status, run.History = test.status, test.history
		text, _ := Run(runstatus.Stand{Run: run}, advice.Notebook).Data[display.MIMEText].(string)
		text = strings.Join(strings.Fields(text), " ") // as if no line were wrapped
		if !strings.Contains(text, test.want) || strings.Contains(text, test.without) {
			t.Errorf("%s: the figure says, without %q:\n%s\nwant %q in it", test.status, test.without, text, test.want)
		}
	}
}

// An epoch that was selected by its accuracy has the highest one, which is said once.
func TestTheLineOfASelectionByAccuracy(t *testing.T) {
	run := record.Run{
		Name: "a", Dataset: "photos", Epochs: 2, ValImages: 8, Status: progress.Finished, Recipe: recipe.DefaultRecipe(),
		History: history.History{{Epoch: 1, Loss: 2, ValLoss: 0.5, ValAccuracy: 0.75, Best: true}, {Epoch: 2, Loss: 1, ValLoss: 0.75, ValAccuracy: 0.875, Best: true}},
	}
	run.Recipe.SelectBy = recipe.SelectByAccuracy
	text, _ := Run(runstatus.Stand{Run: run}, advice.Notebook).Data[display.MIMEText].(string)
	text = strings.Join(strings.Fields(text), " ")
	if !strings.Contains(text, "best 2 · val accuracy 87.5 % (95 % interval 52.9 to 97.8), the highest (epoch 2)") || strings.Contains(text, "lowest validation loss") {
		t.Errorf("the run says %q", text)
	}
}

func shownLast(t *testing.T, host *magictest.Host) display.Bundle {
	t.Helper()
	shown := host.Outputs()
	if len(shown) != 1 {
		t.Fatalf("%d outputs, want one that is updated", len(shown))
	}
	return shown[0].Bundles[len(shown[0].Bundles)-1]
}

// A fine-tuning began with a comparison, and has epochs all the same; the accuracy is that of the weights that are kept.
func TestTheLineOfAFineTuning(t *testing.T) {
	choice := selection.Score{Candidate: selection.Candidate{Stages: []string{"conv5"}, Kind: selection.Logistic, C: 1}, Accuracy: 0.8}
	run := record.Run{
		Name: "a", Dataset: "photos", Epochs: 2, ValImages: 8, Status: progress.Finished, Recipe: recipe.FinetuneRecipe(),
		History:   history.History{{Epoch: 1, Loss: 2, ValLoss: 0.5, ValAccuracy: 0.875, Best: true}, {Epoch: 2, Loss: 1, ValLoss: 0.75, ValAccuracy: 0.75}},
		Selection: &selection.Report{Folds: 5, Images: 30, Scores: []selection.Score{choice}},
	}
	text, _ := Run(runstatus.Stand{Run: run}, advice.Notebook).Data[display.MIMEText].(string)
	text = strings.Join(strings.Fields(text), " ")
	for _, want := range []string{
		"done · epoch 2 of 2 · best 2 · val accuracy 75.0 % (95 % interval 40.9 to 92.9) at the last epoch, whose weights are kept (epoch 2), highest 87.5 % (epoch 1)",
		"The weights of the last epoch are kept",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the run says %q, want %q in it", text, want)
		}
	}
	if strings.Contains(text, axisOfC) {
		t.Errorf("the run shows the comparison instead of its epochs: %s", text)
	}
}

// The accuracies of a comparison are drawn over C, on a logarithmic axis: each normalization has its own range.
func TestTheComparisonIsDrawnOverC(t *testing.T) {
	score := func(normalization probe.Normalization, c, accuracy float64) selection.Score {
		return selection.Score{Candidate: selection.Candidate{Stages: []string{"conv5"}, Normalization: normalization, Kind: selection.Logistic, C: c}, Accuracy: accuracy}
	}
	run := record.Run{
		Name: "a", Dataset: "photos", Epochs: 1, Status: progress.Finished, Recipe: recipe.AutoRecipe(),
		Selection: &selection.Report{Folds: 5, Images: 30, Scores: []selection.Score{score(probe.L2, 100, 0.9), score(probe.L2, 0.01, 0.7), score(probe.L2, 1, 0.8)}},
	}
	b := Run(runstatus.Stand{Run: run}, advice.Notebook)
	text, _ := b.Data[display.MIMEText].(string)
	for _, want := range []string{"0.01", "100", axisOfC} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	card := b.Data[figure.MIMERun].(runstatus.Card)
	if got := card.Compared[0]; !slices.Equal(got.At, []float64{0.01, 1, 100}) || *got.Values[0] != 0.7 || *got.Values[2] != 0.9 {
		t.Errorf("the card compares %+v", got)
	}
	spec, err := json.Marshal(b.Data[display.MIMEVegaLite])
	if err != nil || !strings.Contains(string(spec), `"type":"log"`) {
		t.Errorf("%v: the specification has no logarithmic axis: %s", err, spec)
	}
	light := RunForms(func() runstatus.Stand { return runstatus.Stand{Run: run} }, advice.Notebook, false).Light()
	if light.Data[display.MIMEText] != text {
		t.Errorf("the light form says\n%s\nand the full one\n%s", light.Data[display.MIMEText], text)
	}
}

// The figure of a model card is what the run's own was: of a comparison no curve of one epoch, of a model that was taught none.
func TestTheFigureOfASavedModel(t *testing.T) {
	epochs := history.History{{Epoch: 1, Epochs: 1, Loss: 0.5, Accuracy: 0.75}}
	compared := &selection.Report{Folds: 5, Images: 30, Scores: []selection.Score{{Candidate: selection.Candidate{Stages: []string{"conv5"}, Kind: selection.Logistic, C: 10}, Accuracy: 0.9}}}
	for method, want := range map[recipe.Method]string{recipe.MethodAuto: axisOfC, recipe.MethodClassic: "epoch", recipe.MethodTaught: ""} {
		o := record.Outcome{Name: "a", Task: recipe.Single, History: epochs}
		o.Provenance.Recipe.Method = method
		switch method {
		case recipe.MethodAuto:
			o.Selection = compared
		case recipe.MethodTaught:
			o.History = nil
		}
		drawn, ok := Training(o)
		if text, _ := drawn.Data[display.MIMEText].(string); ok != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%s: %t\n%s", method, ok, text)
		}
		if _, isImage := drawn.Data[display.MIMEPNG].([]byte); ok && !isImage {
			t.Errorf("%s: no image", method)
		}
	}
}

// What the pass of the backbone cost stands in the figure while the run lasts; then its cell's report says it, once.
func TestThePassIsReportedOnce(t *testing.T) {
	stand := runstatus.Stand{
		Run:      record.Run{Name: "a", Dataset: "photos", Epochs: 2, Status: progress.Running, Recipe: recipe.DefaultRecipe(), History: history.History{{Epoch: 1}}},
		Features: &features.Progress{Computed: 3, Cached: 21, Total: 24, Done: true},
	}
	line := FeatureLine(stand.Features)
	says := func(reported bool) bool {
		full := RunForms(func() runstatus.Stand { return stand }, advice.Notebook, reported).Full(true)
		text, _ := full.Data[display.MIMEText].(string)
		return strings.Contains(text, line)
	}
	if !says(true) {
		t.Error("the live figure does not say what the pass cost")
	}
	stand.Status = progress.Finished
	if says(true) {
		t.Error("the figure says what the report below it says")
	}
	if !says(false) {
		t.Error("the figure of a run whose cell has no report does not say what the pass cost")
	}
}

// The figure and the card of a run whose server has little memory left say so first, in the pass of the backbone, in the epochs and at
// the end.
func TestARunWithLittleMemory(t *testing.T) {
	room := memory.ReadRoom(testfile.Write(t, map[string]string{
		"proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n", "proc/self/cgroup": "0::/\n",
		"sys/fs/cgroup/memory.max": "1600000000\n", "sys/fs/cgroup/memory.current": "1560000000\n",
	}))
	run := record.Run{Name: "a", Dataset: "photos", Epochs: 3, ValImages: 8, Status: progress.Running, Recipe: recipe.DefaultRecipe()}
	epochs := history.History{{Epoch: 1, Loss: 2, ValLoss: 1, ValAccuracy: 0.75, Best: true}, {Epoch: 2, Loss: 1, ValLoss: 0.5, ValAccuracy: 0.875, Best: true}}
	pass := &features.Progress{Total: 480, Computed: 213}
	var b strings.Builder
	show := func(s runstatus.Stand) {
		bundle := RunForms(func() runstatus.Stand { return s }, advice.Notebook, true).Light()
		b.WriteString(bundle.Data[display.MIMEText].(string) + "\n")
		if card, ok := bundle.Data[figure.MIMERun].(runstatus.Card); ok && (len(card.Notes) == 0 || !strings.HasPrefix(card.Notes[0], "Memory is short: ")) {
			t.Errorf("the first note of the card is not that of the memory: %q", card.Notes)
		}
	}
	show(runstatus.Stand{Run: run, Features: pass, Memory: room})
	run.History = epochs
	show(runstatus.Stand{Run: run, Memory: room})
	run.Status, run.Epochs = progress.Finished, 2
	show(runstatus.Stand{Run: run, Memory: room})
	golden(t, filepath.Join("testdata", "little_memory.txt"), b.String())
	if text := Run(runstatus.Stand{Run: run, Memory: memory.Room{Total: 2_000_000_000, Available: 1_000_000_000}}, advice.Notebook).Data[display.MIMEText].(string); strings.Contains(text, "Memory") {
		t.Errorf("with enough memory the figure says\n%s", text)
	}
}

// A run without validation images has no validation loss of 0, and no accuracy.
func TestARunWithoutValidationImages(t *testing.T) {
	run := record.Run{
		Name: "a", Dataset: "photos", Epochs: 2, TrainImages: 8, Status: progress.Finished, Recipe: recipe.DefaultRecipe(),
		History: history.History{{Epoch: 1, Loss: 2, Accuracy: 0.5, Best: true}, {Epoch: 2, Loss: 1, Accuracy: 0.75, Best: true}},
	}
	stand := runstatus.Stand{Run: run}
	for name, text := range map[string]any{
		"table": EpochTable(run).Data[display.MIMEText], "figure": Run(stand, advice.Notebook).Data[display.MIMEText],
		"choice": SelectionTable(&selection.Report{Folds: 5, Scores: []selection.Score{{Temperature: 1}}}, false).Data[display.MIMEText],
	} {
		if strings.Contains(strings.ReplaceAll(text.(string), "cross-validation", ""), "val") {
			t.Errorf("the %s tells of a validation:\n%s", name, text)
		}
	}
	card := stand.Card()
	if len(card.Metrics) != 2 || len(card.Series) != 2 {
		t.Errorf("the card has the metrics %v and the series %+v", card.Metrics, card.Series)
	}
}

// The R2 of a regression is no accuracy, and the accuracy of labels is not one of images: neither has an interval.
func TestRunsOfOtherTasks(t *testing.T) {
	for task, want := range map[recipe.Task][]string{
		recipe.Regression: {"val R2 -0.250 (epoch 2)", "R2: ○ train", "val R2", ""}, recipe.Multi: {"val accuracy 75.0 % at the lowest", "accuracy: ○ train", "val accuracy", "75.0 %"},
	} {
		value := map[recipe.Task]float64{recipe.Regression: -0.25, recipe.Multi: 0.75}[task]
		run := record.Run{
			Name: "a", Dataset: "photos", Epochs: 2, TrainImages: 8, ValImages: 8, Status: progress.Finished, Recipe: recipe.DefaultRecipe(),
			History: history.History{{Epoch: 1, Loss: 2, ValLoss: 3, ValAccuracy: value, Best: true}, {Epoch: 2, Loss: 1, ValLoss: 2, ValAccuracy: value, Best: true}},
		}
		run.Recipe.Task = task
		stand := runstatus.Stand{Run: run}
		text := Run(stand, advice.Notebook).Data[display.MIMEText].(string)
		if !strings.Contains(text, want[0]) || !strings.Contains(text, want[1]) || strings.Contains(text, "interval") {
			t.Errorf("%s: the figure lacks %q, or has an interval:\n%s", task, want[:2], text)
		}
		if table := EpochTable(run).Data[display.MIMEText].(string); !strings.Contains(table, want[2]) || strings.Contains(table, "-25") {
			t.Errorf("%s: the table lacks %q:\n%s", task, want[2], table)
		}
		c := &Comparison{Runs: []ComparedRun{{Card: stand.Card(), stand: stand}}}
		c.Runs[0].KeptValAccuracy = c.Runs[0].ValAccuracy
		for _, setting := range c.Settings() {
			if setting.Name == "val accuracy" && setting.Values[0] != want[3] {
				t.Errorf("%s: compared, it has a validation accuracy of %q, want %q", task, setting.Values[0], want[3])
			}
		}
	}
}
