package datasets

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// showAugmented shows images as training sees them in its first epoch.
func (p *Presenter) showAugmented(ctx context.Context, page output.Page, data *imagefolder.Dataset, o showFlags) error {
	spec, err := augment.Parse(o.Augment)
	if err != nil {
		return err
	}
	device, err := p.lab.Device(ctx)
	if err != nil {
		return err
	}
	picked, err := input.Spread(data, o.Class, o.Split, o.Limit)
	if err != nil {
		return err
	}
	var pixels []uint8
	geometry := imagefolder.Geometry{Size: drawing.ThumbSide, Method: p.lab.Method(data)}
	for _, i := range picked {
		one, err := data.Pixels(i, geometry)
		if err != nil {
			return err
		}
		pixels = append(pixels, one...)
	}
	augmenter, err := augment.NewAugmenter(device, spec, data.Options.Seed, drawing.ThumbSide, max(len(picked), 1))
	if err != nil {
		return err
	}
	defer augmenter.Close()
	changed, err := augmenter.Apply(pixels, picked, 1)
	if err != nil {
		return err
	}
	grid := figure.GridData{Title: fmt.Sprintf("%s with --augment %q", data.Name, spec)}
	const size = drawing.ThumbSide * drawing.ThumbSide * 3
	for n, i := range picked {
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: figure.RGB(changed[n*size:(n+1)*size], drawing.ThumbSide, drawing.ThumbSide), Title: data.Classes[data.Items[i].Label],
		})
	}
	_, err = page.Show(ctx, figure.Grid(grid))
	return err
}
