// Command stream trains a linear classifier on a file of features by models/training, in parts, and prints the accuracies as JSON. With -bandwidth it measures the memory. It is
// started by bench/stream.py, which makes the file.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

func main() {
	file := flag.String("features", "", "file of features, of 2,048 numbers a row")
	recipe := recipe.DefaultRecipe()
	flag.StringVar(&recipe.Head, "head", "none", "head")
	flag.IntVar(&recipe.Epochs, "epochs", 3, "epochs")
	flag.IntVar(&recipe.BatchSize, "batch", 256, "batch size")
	flag.Float64Var(&recipe.LearningRate, "lr", 1e-3, "learning rate")
	bandwidth := flag.Bool("bandwidth", false, "only measure what the memory gives, in bytes a second")
	flag.Parse()
	if *bandwidth {
		fmt.Println(copied(9))
		return
	}
	if err := run(context.Background(), *file, recipe); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// copied is the most of some rounds of what all processors read and write in a second, in bytes, where each copies memory that no cache holds.
func copied(rounds int) (best float64) {
	const size = 256 << 20 // bytes of a processor
	workers := runtime.GOMAXPROCS(0)
	from, to := make([][]byte, workers), make([][]byte, workers)
	for w := range workers {
		from[w], to[w] = bytes.Repeat([]byte{1}, size), bytes.Repeat([]byte{2}, size)
	}
	for range rounds {
		start := time.Now()
		var working sync.WaitGroup
		for w := range workers {
			working.Go(func() { copy(to[w], from[w]) })
		}
		working.Wait()
		best = max(best, 2*size*float64(workers)/time.Since(start).Seconds())
	}
	return best
}

func run(ctx context.Context, file string, recipe recipe.Recipe) error {
	rows, err := rowfile.Open(file)
	if err != nil {
		return err
	}
	defer rows.Close()
	options := resnet.DefaultOptions()
	options.Weights = resnet.RandomWeights(1) // the rows are drawn: no network made them
	network, err := backbone.Open(ctx, options)
	if err != nil {
		return err
	}
	device, err := accel.Open(ctx, accel.Options{Device: "cpu"})
	if err != nil {
		return err
	}
	var epochs []history.Epoch
	result, err := training.FitRows(ctx, device, training.RowsJob{Recipe: recipe, Rows: rows, Val: 0.1, Backbone: features.New(network, features.DefaultOptions())}, func(e progress.Event) {
		if e.Epoch != nil {
			epochs = append(epochs, *e.Epoch)
		}
	})
	if err != nil {
		return err
	}
	defer result.Close()
	last := epochs[len(epochs)-1]
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"accuracy": last.ValAccuracy, "seconds": last.Seconds, "waited": last.Waited})
}
