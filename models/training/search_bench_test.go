package training

import (
	"context"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
)

// 100 trials of a 10-epoch head on 500 cached images, each trained to its end, or with successive halving.
func BenchmarkSearch(b *testing.B) {
	device := modeltest.XLA(b, 1)
	dir, home := b.TempDir(), b.TempDir()
	modeltest.WriteImages(b, dir, 125, "red", "green", "blue", "grey")
	network := modeltest.Options()
	network.Cut = "conv5" // as many features as people have
	job := Job{
		Recipe: DefaultRecipe(), Dataset: modeltest.Load(b, dir), Backbone: modeltest.Backbone(b, network),
		Environment: Environment{Home: home},
	}
	for name, halving := range map[string]bool{"whole": false, "halving": true} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				options := DefaultSearchOptions()
				options.Trials, options.Halving = 100, halving
				result, err := Search(context.Background(), device, job, options, nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = result.Best.Close()
			}
		})
	}
}
