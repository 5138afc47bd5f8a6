package drawing

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
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
	f := live.New(RunForms(func() runstatus.Stand { return stand }, advice.Notebook), func() time.Time { return clock })
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
