package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Epochs without validation images have no validation loss of 0: it is in no curve, in no table, and the best by nothing.
func TestWithoutValidation(t *testing.T) {
	without := History{{Epoch: 1, Loss: 2, Accuracy: 0.5}, {Epoch: 2, Loss: 1, Accuracy: 0.75, Best: true}}
	perfect := History{{Epoch: 1, Loss: 2, Accuracy: 0.5, ValAccuracy: 1}}
	if without.Validated() || !perfect.Validated() {
		t.Errorf("validated are %t and %t", without.Validated(), perfect.Validated())
	}
	for want, h := range map[string]History{"loss train, accuracy train": without, "loss train, loss validation, accuracy train, accuracy validation": perfect} {
		var names []string
		for _, c := range h.Curves() {
			names = append(names, c.Quantity+" "+c.Split)
			if len(c.Values) != len(h) {
				t.Errorf("the curve %s has %d values of %d epochs", names[len(names)-1], len(c.Values), len(h))
			}
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("the curves are %s, want %s", got, want)
		}
	}
	if n := len(History(nil).Curves()); n != 4 {
		t.Errorf("before the first epoch there are %d curves", n)
	}
	if e := without.Highest(); e != nil {
		t.Errorf("the highest validation accuracy is that of %+v", e)
	}
	path := filepath.Join(t.TempDir(), "log.csv")
	if err := without.WriteCSV(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if want := "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n1,2,0.5,,,0,0\n2,1,0.75,,,0,0\n"; err != nil || string(raw) != want {
		t.Errorf("the table is\n%s%v", raw, err)
	}
}
