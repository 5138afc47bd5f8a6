package imagefolder

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/headstart-nb/headstart/models/sampleset"
)

// SampleOptions are the choices of Sample.
type SampleOptions struct {
	Classes  int   // 0 means 10
	PerClass int   // 0 means 60
	Seed     int64 // of the drawing; the split has Load.Seed
	Load     Options
}

// Sample draws the sample dataset into a folder below root, unless it is there already, and loads it.
func Sample(ctx context.Context, root string, o SampleOptions) (*Dataset, error) {
	draw, err := sampleset.Options{Classes: o.Classes, PerClass: o.PerClass, Seed: o.Seed, Workers: o.Load.Workers,
		Progress: o.Load.Progress}.WithDefaults()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, fmt.Sprintf("v%d-%dx%d-seed%d", sampleset.Version, draw.Classes, draw.PerClass, draw.Seed))
	if err := sampleset.Write(ctx, dir, draw); err != nil {
		return nil, err
	}
	if o.Load.Name == "" {
		o.Load.Name = "sample"
	}
	return Load(ctx, dir, o.Load)
}
