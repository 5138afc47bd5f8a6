package transfer

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/accel"
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
	changed, err := augmented(device, spec, pixels, picked, data.Options.Seed)
	if err != nil {
		return fmt.Errorf("augmenting with %q: %w", o.Augment, err)
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

// augmented applies a spec to images, [len(items), thumbSide, thumbSide, 3]; GoMLX's panics become errors.
func augmented(device *accel.Device, spec augment.Spec, pixels []uint8, items []int, seed int64) (result []uint8, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	exec, err := graph.NewExec(device.Backend, spec.Apply)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	n := len(items)
	output, err := exec.Call1(
		tensors.FromFlatDataAndDimensions(pixels, n, thumbSide, thumbSide, 3),
		tensors.FromFlatDataAndDimensions(spec.Parameters(seed, 1, items), n, augment.ParameterDim))
	if err != nil {
		return nil, err
	}
	values, err := tensors.CopyFlatData[float32](output)
	if err != nil {
		return nil, err
	}
	result = make([]uint8, len(values))
	for i, v := range values {
		result[i] = uint8(min(max(v+0.5, 0), 255))
	}
	return result, nil
}
