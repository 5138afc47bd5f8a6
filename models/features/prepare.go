package features

import (
	"context"
	"errors"

	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// Prepare compiles what computes one image and what computes so many at once, for images that keep coming: Extract and Images then
// compile nothing more. Both get the graph that computes faster, however long it takes to compile, and share the weights on the
// device: an image then takes the same graph whether it comes alone or with others, and the weights are there once. Afterwards the
// numbers of the weights on the host are not needed anymore: see WithoutWeights.
func (p *Pass) Prepare(ctx context.Context, batch int) error {
	if !p.backbone.HasWeights() {
		return backbone.ErrNoWeights
	}
	if err := errors.Join(p.few.close(), p.many.close()); err != nil {
		return err
	}
	if p.backbone.file != nil {
		for place, images := range map[*compiled]int{&p.few: 1, &p.many: max(batch, 2)} {
			made, err := p.backbone.Extractor(ctx, p.device, images)
			if err != nil {
				return err
			}
			*place = compiled{extractor: made, cut: p.cut()}
		}
		return nil
	}
	options := backbone.DefaultExtractorOptions()
	options.Batch, options.Precision = max(batch, 2), p.backbone.options.Precision // a batch of one has the slower graph
	many, err := p.backbone.network.NewExtractor(ctx, p.device, options)
	if err != nil {
		return err
	}
	p.many = compiled{extractor: many, cut: p.cut()}
	few, err := many.Beside(ctx, p.backbone.network, 1)
	if err != nil {
		return err
	}
	p.few = compiled{extractor: few, cut: p.cut()}
	p.backbone = p.backbone.WithoutWeights()
	return nil
}

// WithoutWeights is the backbone without the numbers of its weights, for a Pass that is prepared and for Beside. A network of an ONNX
// file keeps them.
func (b *Backbone) WithoutWeights() *Backbone {
	if b.file != nil {
		return b
	}
	return &Backbone{network: b.network.WithoutWeights(), options: b.options}
}

// HasWeights is false for what WithoutWeights gives.
func (b *Backbone) HasWeights() bool { return b.file != nil || b.network.HasWeights() }

// Beside opens a pass without a cache for single images through another cut or pooling of the same network. After Prepare it computes
// with the weights that are on the device already.
func (p *Pass) Beside(ctx context.Context, of *Backbone) (*Pass, error) {
	beside, err := Open(of, p.device, "", 0)
	if err != nil {
		return nil, err
	}
	prepared, ok := p.many.extractor.(*backbone.Extractor)
	if !ok || p.backbone.HasWeights() {
		return beside, nil
	}
	made, err := prepared.Beside(ctx, of.network, 1)
	if err != nil {
		return nil, err
	}
	beside.few = compiled{extractor: made, cut: beside.cut()}
	return beside, nil
}
