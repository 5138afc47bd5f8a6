package features

import (
	"context"

	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// Prepare compiles what computes one image and what computes so many at once, for images that keep coming: Extract and Images then
// compile nothing more. The larger batch gets the graph that computes faster, however long it takes to compile.
func (p *Pass) Prepare(ctx context.Context, batch int) error {
	if _, err := p.extractor(ctx, p.cut(), 1); err != nil {
		return err
	}
	if err := p.many.close(); err != nil {
		return err
	}
	options := backbone.DefaultExtractorOptions()
	options.Batch, options.Precision = max(batch, 2), p.backbone.options.Precision // a batch of one has the slower graph
	made, err := p.backbone.network.NewExtractor(ctx, p.device, options)
	if err != nil {
		return err
	}
	p.many = compiled{extractor: made, cut: p.cut()}
	return nil
}
