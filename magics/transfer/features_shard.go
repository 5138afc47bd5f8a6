package transfer

import (
	"context"
	"os"
	"slices"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/bucket"
	"github.com/headstart-nb/headstart/models/features/input"
	"github.com/headstart-nb/headstart/models/features/shard"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
)

// FeatureShard computes a shard of the images of folders, lists, archives and addresses. The job says which, and where it is kept.
func (p *Presenter) FeatureShard(
	ctx context.Context, page output.Page, architecture string, places []string, data datasets.Flags, model ModelFlags, job shard.Job,
) (shard.Record, error) {
	places = slices.Clone(places)
	for i, place := range places {
		expanded, err := homepath.Expand(place)
		if err != nil {
			return shard.Record{}, err
		}
		places[i] = expanded
	}
	set, err := input.Open(ctx, places, input.Options{
		FollowLinks: data.FollowLinks, StateDir: job.Cache, Store: func() (input.Store, error) { return bucket.New(os.Getenv) },
	})
	if err != nil {
		return shard.Record{}, err
	}
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
	job.Input, job.Limits.MaxPixels = set, data.MaxPixels
	bar := page.Bar(ctx, "features", "images")
	defer bar.End()
	job.Progress = func(done features.Progress) { bar.Report(done.Computed+done.Cached, done.Total, "") }
	geometry := imagefolder.Geometry{Method: data.Method(), Decode: imageio.Decoding(data.Decode)}
	return p.lab.ShardFeatures(ctx, m, geometry, job)
}
