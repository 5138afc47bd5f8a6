package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// exampleAugment is what is shown where nothing else is asked for.
const exampleAugment = "flip,rotate:10,zoom:0.1"

// showAugmented shows images as training sees them in its first epoch.
func (l *Lab) showAugmented(ctx context.Context, in *magics.Invocation, data *imagefolder.Dataset, o showFlags) error {
	spec, err := augment.Parse(o.Augment)
	if err != nil {
		return err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return err
	}
	picked, err := spread(data, o.Class, o.Split, o.Limit)
	if err != nil {
		return err
	}
	var pixels []uint8
	for _, i := range picked {
		one, err := data.Pixels(i, imagefolder.Geometry{Size: thumbSide, Method: data.Options.Method})
		if err != nil {
			return err
		}
		pixels = append(pixels, one...)
	}
	augmenter, err := augment.NewAugmenter(device, spec, data.Options.Seed, thumbSide, max(len(picked), 1))
	if err != nil {
		return err
	}
	defer augmenter.Close()
	changed, err := augmenter.Apply(pixels, picked, 1)
	if err != nil {
		return err
	}
	grid := figure.GridData{Title: fmt.Sprintf("%s with --augment %q", data.Name, spec)}
	const size = thumbSide * thumbSide * 3
	for n, i := range picked {
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: figure.RGB(changed[n*size:(n+1)*size], thumbSide, thumbSide), Title: data.Classes[data.Items[i].Label],
		})
	}
	_, err = in.Show(ctx, figure.Grid(grid))
	return err
}
