package classifier

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// One image's file to its classes by a warm model, as a multiple of the bare pass of the backbone on its pixels; frozen,
// and with a stage that was fine-tuned.
func BenchmarkPredictOne(b *testing.B) {
	ctx := context.Background()
	device := modeltest.XLA(b, 1)
	options := resnet.DefaultOptions()
	options.Weights = resnet.RandomWeights(5)
	backbone := modeltest.Backbone(b, options)
	bare, err := backbone.Extractor(ctx, device, 1)
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	dir := b.TempDir()
	modeltest.WriteImages(b, dir, 2, "red", "green")
	data := modeltest.Load(b, dir)
	file := filepath.Join(dir, "red", "000.png")
	pixels, err := data.Pixels(0, backbone.Identity().Geometry)
	if err != nil {
		b.Fatal(err)
	}
	for name, unfreeze := range map[string]recipe.Stage{"frozen": recipe.StageNone, "fine-tuned": "conv5"} {
		b.Run(name, func(b *testing.B) {
			job := training.Job{Recipe: recipe.DefaultRecipe(), Dataset: data, Backbone: backbone, Accept: preflight.Codes()}
			job.Recipe.Epochs, job.Recipe.BatchSize, job.Recipe.Unfreeze = 1, 4, unfreeze
			m := fit(b, device, job)
			predict := func() error { _, err := m.Predict(ctx, []string{file}, 3); return err }
			if err := predict(); err != nil { // the first compiles
				b.Fatal(err)
			}
			var alone, whole time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := bare.Extract(ctx, pixels, 1); err != nil {
					b.Fatal(err)
				}
				alone += time.Since(start)
				start = time.Now()
				if err := predict(); err != nil {
					b.Fatal(err)
				}
				whole += time.Since(start)
			}
			b.ReportMetric(float64(whole)/float64(alone), "times-bare")
		})
	}
}
