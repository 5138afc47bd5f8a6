package stepper

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// rowsAxis names the axis of the device mesh along which a batch is cut.
const rowsAxis = "rows"

// share makes the training step one program for several devices. Each has all the weights and computes its share of the
// rows; the graph stays the one that a single device runs, and XLA adds the exchange of sums that it needs, so that batch
// norm and dropout see the whole batch.
func (t *Stepper) share() error {
	n := t.devices()
	if n == 1 {
		return nil
	}
	if have := t.backend.NumDevices(); have < n {
		return fmt.Errorf("share the training among %d devices: there are %d", n, have)
	}
	if t.options.Batch%n != 0 {
		return fmt.Errorf("share the training among %d devices: a batch of %d rows cannot be cut into equal parts", n, t.options.Batch)
	}
	mesh, err := distributed.NewDeviceMesh([]int{n}, []string{rowsAxis})
	if err != nil {
		return fmt.Errorf("share the training among %d devices: %w", n, err)
	}
	cut, err := distributed.NewShardingSpec(mesh, distributed.AxisSpec{rowsAxis})
	if err != nil {
		return fmt.Errorf("share the training among %d devices: %w", n, err)
	}
	whole := distributed.NewReplicatedShardingSpec(mesh)
	t.step.AutoSharding(mesh)
	if err := t.step.SetDefaultShardingSpec(whole); err != nil {
		return fmt.Errorf("share the training among %d devices: %w", n, err)
	}
	t.step.WithInputShardingSpecs(cut, cut, cut, whole, whole) // as buildStep takes them
	t.step.WithOutputShardingSpecs(whole)
	return nil
}

// devices is how many share a step.
func (t *Stepper) devices() int { return max(1, t.options.Devices) }

// stepShapes are the shapes of a step's inputs, device after device.
func (t *Stepper) stepShapes() []shapes.Shape {
	rows := t.options.Batch / t.devices()
	var list []shapes.Shape
	for range t.devices() {
		list = append(list,
			shapes.Make(t.inputType(), append([]int{rows}, t.options.Input...)...),
			shapes.Make(dtypes.Float32, rows, t.options.Head.Outputs),
			shapes.Make(dtypes.Float32, rows, 2),
			shapes.Make(dtypes.Float32, hyperInputs),
			shapes.Make(dtypes.Uint64, 3))
	}
	return list
}

// stepInputs are a step's inputs, device after device. inputs are of the whole, padded batch, as are targets
// [batch, outputs] and masks [batch, 2].
func (t *Stepper) stepInputs(inputs padded, targets, masks, hyper []float32, random uint64) ([]any, error) {
	n, rows, outputs := t.devices(), t.options.Batch/t.devices(), t.options.Head.Outputs
	var list []any
	for device := range n {
		shared, err := inputs.tensor(t.backend, t.options.Input, device, n)
		if err != nil {
			return list, err
		}
		list = append(list,
			shared,
			tensors.FromFlatDataAndDimensions(part(targets, device, n), rows, outputs),
			tensors.FromFlatDataAndDimensions(part(masks, device, n), rows, 2),
			tensors.FromFlatDataAndDimensions(hyper, hyperInputs),
			tensors.FromFlatDataAndDimensions([]uint64{random, 0x9e3779b97f4a7c15, 0}, 3))
	}
	return list, nil
}

// part is a device's share of rows.
func part[T any](rows []T, device, devices int) []T {
	size := len(rows) / devices
	return rows[device*size : (device+1)*size]
}

// padded is a whole batch of inputs, [batch, Input...], of which one slice is set.
type padded struct {
	floats []float32
	bytes  []uint8
}

// tensor is a device's share of the rows. It is there alone: a copy here would cost as much as reading the batch again.
func (p padded) tensor(backend compute.Backend, shape []int, device, devices int) (*tensors.Tensor, error) {
	if p.bytes != nil {
		return onDevice(backend, part(p.bytes, device, devices), shape, device)
	}
	return onDevice(backend, part(p.floats, device, devices), shape, device)
}

// onDevice brings rows to a device.
func onDevice[T float32 | uint8](backend compute.Backend, rows []T, shape []int, device int) (*tensors.Tensor, error) {
	whole := shapes.Make(dtypes.FromGenericsType[T](), append([]int{len(rows) / rowSize(shape)}, shape...)...)
	buffer, err := backend.BufferFromFlatData(compute.DeviceNum(device), rows, whole)
	if err != nil {
		return nil, fmt.Errorf("bring a batch to the device: %w", err)
	}
	return tensors.FromBuffer(buffer)
}
