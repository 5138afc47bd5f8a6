package search

import (
	"context"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// 100 trials of a 10-epoch head on 500 cached images, each trained to its end, or with successive halving.
func BenchmarkSearch(b *testing.B) {
	device := modeltest.XLA(b, 1)
	dir, home := b.TempDir(), b.TempDir()
	modeltest.WriteImages(b, dir, 125, "red", "green", "blue", "grey")
	network := modeltest.Options()
	network.Cut = "conv5" // as many features as people have
	job := training.Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Load(b, dir), Backbone: modeltest.Backbone(b, network),
		Environment: training.Environment{Home: home},
	}
	for name, halving := range map[string]bool{"whole": false, "halving": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				options := DefaultOptions()
				options.Trials, options.Halving = 100, halving
				result, err := Run(context.Background(), device, job, options, nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = result.Best.Close()
			}
		})
	}
}
