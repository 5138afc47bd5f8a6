package transfer

import (
	"context"

	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/shard"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
)

// FeatureShard computes a shard of a folder of images. The job says which, and where it is kept.
func (p *Presenter) FeatureShard(ctx context.Context, page output.Page, architecture string, data datasets.Flags, model ModelFlags, job shard.Job) (shard.Record, error) {
	options, err := model.options(data.Size, nil)
	if err != nil {
		return shard.Record{}, err
	}
	if err := p.lab.UseDevice(ctx, model.Device); err != nil {
		return shard.Record{}, err
	}
	m, err := p.lab.BuildModel(ctx, architecture, options)
	if err != nil {
		return shard.Record{}, err
	}
	job.FollowLinks, job.Limits.MaxPixels = data.FollowLinks, data.MaxPixels
	bar := page.Bar(ctx, "features", "images")
	defer bar.End()
	job.Progress = func(done features.Progress) { bar.Report(done.Computed+done.Cached, done.Total, "") }
	geometry := imagefolder.Geometry{Method: data.Method(), Decode: imageio.Decoding(data.Decode)}
	return p.lab.ShardFeatures(ctx, m, geometry, job)
}
