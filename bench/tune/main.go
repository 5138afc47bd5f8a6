// Command tune searches for a head on cached features once and prints what it took as a line of JSON. It is started by bench/tune.py.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/search"
)

func main() {
	photos := flag.String("photos", "", "folder with a folder of photos for each class")
	home := flag.String("home", "", "state folder: features that are found there are not computed")
	options := search.DefaultOptions()
	flag.IntVar(&options.Trials, "trials", options.Trials, "trials; 0: only compute the features")
	flag.Parse()
	if err := run(context.Background(), *photos, *home, options); err != nil {
		fmt.Fprintln(os.Stderr, "tune:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, photos, home string, options search.Options) error {
	device, err := accel.Open(ctx, accel.Options{Device: "cpu"})
	if err != nil {
		return err
	}
	defer func() { _ = device.Close() }()
	backed := resnet.DefaultOptions()
	backed.Weights = resnet.RandomWeights(1)
	network, err := backbone.Open(ctx, backed)
	if err != nil {
		return err
	}
	data, err := imagefolder.Load(ctx, photos, imagefolder.DefaultOptions())
	if err != nil {
		return err
	}
	job := training.Job{Recipe: recipe.DefaultRecipe(), Dataset: data, Backbone: features.New(network, features.DefaultOptions())}
	job.Environment.Home = home
	if options.Trials == 0 {
		job.Recipe = recipe.AutoRecipe() // takes the features of all stages that a search compares
		result, err := training.Fit(ctx, device, job, nil)
		if err != nil {
			return err
		}
		return result.Close()
	}
	start, before := time.Now(), timeline.Processor()
	result, err := search.Run(ctx, device, job, options, nil, nil)
	if err != nil {
		return err
	}
	took := map[string]any{"seconds": time.Since(start).Seconds(), "cpu_seconds": timeline.Processor() - before, "trials": len(result.Trials),
		"images": len(data.Items)}
	if result.Best != nil {
		if err := result.Best.Close(); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}
