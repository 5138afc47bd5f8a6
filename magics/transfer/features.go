package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// Features are a backbone's features of every image in a folder: Values is of the Shape [images, FeatureShape...], in the order
// of the dataset.
type Features struct {
	Dataset  *imagefolder.Dataset
	Backbone features.Identity
	Values   []float32
	Shape    []int
	Line     string // what was computed
}

// Features computes the features of a folder of images, and lists on standard error the files that were skipped.
func (p *Presenter) Features(ctx context.Context, page output.Page, dir, architecture string, data datasets.Flags, model ModelFlags) (*Features, error) {
	data.Val = 0
	images, err := p.lab.LoadDataset(ctx, dir, data.Options(nil))
	if err != nil {
		return nil, err
	}
	for _, skipped := range images.Skipped {
		if _, err := fmt.Fprintf(page.Stderr(), "skipped %q: %s\n", skipped.Path, skipped.Reason); err != nil {
			return nil, err
		}
	}
	options, err := model.options(images.Options.Size, nil)
	if err != nil {
		return nil, err
	}
	if err := p.lab.UseDevice(ctx, model.Device); err != nil {
		return nil, err
	}
	m, err := p.lab.BuildModel(ctx, architecture, options)
	if err != nil {
		return nil, err
	}
	f := &Features{Dataset: images, Backbone: m.IdentityFor(images.Geometry())}
	bar := page.Bar(ctx, "features", "images")
	defer bar.End()
	f.Values, f.Shape, err = p.lab.DatasetFeatures(ctx, m, images, func(done features.Progress) {
		f.Line = drawing.FeatureLine(&done)
		bar.Report(done.Computed+done.Cached, done.Total, "")
	})
	return f, err
}
