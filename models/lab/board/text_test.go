package board

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/metric"
)

// Names come from strangers: they are neither markup nor cells of their own.
func TestDescribe(t *testing.T) {
	accuracy := 0.875
	got := describe(runstatus.Card{
		ID: "a|b", Status: "finished", Dataset: "<b>\nx", TrainImages: 3, ValImages: 96, Best: 2, ValAccuracy: &accuracy, ValAccuracyInterval: &metric.Interval{},
		Facts: []runstatus.Fact{{Name: "flags", Value: "--lr [0](x)"}}, Cell: "%train\nb := 1",
	})
	for _, want := range []string{
		`| run | a\|b: finished |`, `\<b\>\\n`, "3 images to train, 96 to validate", `87.5 % \(95 % interval 79.4 to 92.7\) of the weights that are kept, of epoch 2`,
		`| flags | --lr \[0\]\(x\) |`, "\n    %train\n    b := 1\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the text lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "| error |") || strings.Contains(got, "| chosen |") {
		t.Errorf("the text has empty rows:\n%s", got)
	}
}
