package transfer

import (
	"context"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/shard"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
)

// FeatureShard computes a shard of a folder of images. The job says which, and where it is kept.
func (p *Presenter) FeatureShard(ctx context.Context, page Page, architecture string, data DatasetFlags, model ModelFlags, job shard.Job) (shard.Record, error) {
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
	bar := newBar(ctx, page, "features", "images")
	defer bar.end()
	job.Progress = func(done features.Progress) { bar.report(done.Computed+done.Cached, done.Total, "") }
	geometry := imagefolder.Geometry{Method: data.method(), Decode: imageio.Decoding(data.Decode)}
	return p.lab.ShardFeatures(ctx, m, geometry, job)
}
