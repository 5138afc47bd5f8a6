// Command train does the tutorial's job once, from a folder of photos to an evaluated classifier, and prints what it took as
// one line of JSON. It is started by bench/train.py.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

func main() {
	photos := flag.String("photos", "", "folder with a folder of photos for each class")
	home := flag.String("home", "", "state folder; features found there are not computed")
	times := flag.String("timeline", "", "file for the parts of the job, one JSON object a line")
	epochs := flag.Int("epochs", recipe.DefaultRecipe().Epochs, "epochs")
	flag.Parse()
	if err := runRecorded(*photos, *home, *epochs, *times); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runRecorded runs the job, and writes its timeline where one is asked for.
func runRecorded(photos, home string, epochs int, times string) error {
	if times == "" {
		return run(context.Background(), photos, home, epochs)
	}
	recorder := timeline.New(time.Now())
	err := run(timeline.With(context.Background(), recorder), photos, home, epochs)
	return errors.Join(err, atomicfile.WriteFile(times, recorder.Write))
}

// result is the line that is printed. Times are seconds since the process started working.
type result struct {
	FirstEpoch float64 `json:"first_epoch"` // until the first epoch began: its end less its duration
	Seconds    float64 `json:"seconds"`
	PeakMB     float64 `json:"peak_mb"`
	Accuracy   float64 `json:"accuracy"`
}

func run(ctx context.Context, photos, home string, epochs int) error {
	start := time.Now()
	var r result
	session, err := models.Open(ctx, models.Options{Device: "cpu", Home: home, Weights: "random", Events: func(e models.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 1 {
			r.FirstEpoch = time.Since(start).Seconds() - e.Epoch.Seconds
		}
	}})
	if err != nil {
		return err
	}
	data, err := session.Dataset(ctx, photos)
	if err != nil {
		return err
	}
	recipe := models.DefaultRecipe()
	recipe.Epochs = epochs
	model, err := session.Train(ctx, data, recipe)
	if err != nil {
		return err
	}
	report, err := model.Evaluate(ctx, data, imagefolder.Val)
	if err != nil {
		return err
	}
	r.Seconds, r.Accuracy = time.Since(start).Seconds(), report.Accuracy
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	r.PeakMB = float64(usage.Maxrss) / 1024
	return json.NewEncoder(os.Stdout).Encode(r)
}
