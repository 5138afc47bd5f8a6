package drawing

import (
	"fmt"
	"time"

	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// RunTable lists runs for people.
func RunTable(runs []runstatus.Card) figure.TableData {
	t := figure.TableData{
		Title:  "runs",
		Header: []string{"run", "state", "dataset", "epoch", "val accuracy", "highest val accuracy", "started", "took"}, Right: []int{3, 4, 5, 7},
		Notes: []string{"val accuracy is that of the epoch whose weights are kept: the one with the lowest validation loss, with --select accuracy the most accurate, or with --keep-last the last; in parentheses its 95 % interval."},
	}
	for _, r := range runs {
		took := ""
		if r.Seconds > 0 {
			took = time.Duration(r.Seconds * float64(time.Second)).Round(100 * time.Millisecond).String()
		}
		t.Rows = append(t.Rows, []string{
			r.ID, string(r.State), r.Dataset, fmt.Sprintf("%d/%d", r.Epoch, r.Epochs), accuracyOf(r), percentOf(r.HighestValAccuracy),
			r.Started.Format("2006-01-02 15:04:05"), took,
		})
	}
	if len(runs) == 0 {
		t.Notes = []string{"No run yet: a training makes one."}
	}
	return t
}

// Bytes is a size for people, in the binary units of file systems.
func Bytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

// accuracyOf is the validation accuracy with its interval, where few images make it wide.
func accuracyOf(c runstatus.Card) string {
	return intervalOf(c.ValAccuracy, c.AccuracyImages())
}

// intervalOf is an accuracy on so many images for a cell of a table.
func intervalOf(accuracy *float64, images int) string {
	if accuracy == nil || images < 1 || images >= metric.Few {
		return percentOf(accuracy)
	}
	i := metric.Wilson(*accuracy, images)
	return fmt.Sprintf("%s (%.0f to %.0f)", percentOf(accuracy), 100*i.Low, 100*i.High)
}

// percentOf is a fraction in percent; empty where it is unknown.
func percentOf(fraction *float64) string {
	if fraction == nil {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100**fraction)
}
