package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imageio"
)

// deviceReport is what headstart doctor reads of the device.
type deviceReport struct {
	Device      string  `json:"device"`
	Description string  `json:"description"`
	Plugin      string  `json:"plugin"`
	Fallback    string  `json:"fallback,omitempty"` // why a better device was not taken
	OpenMS      int64   `json:"open_ms"`
	CompileMS   int64   `json:"compile_ms"`
	LargestDiff float64 `json:"largest_difference"`  // between the device's product and the one computed in Go
	Vectorized  bool    `json:"vectorized_decoding"` // whether images are decoded by the loops for AVX2
	Error       string  `json:"error,omitempty"`
}

func doctorCommand() *cobra.Command {
	var options accel.Options
	var asJSON bool
	command := &cobra.Command{
		Use:     "doctor",
		Short:   "Open the device, multiply two matrices on it, and compare with Go's own product",
		Example: "  headstart-transfer doctor --device cpu --json",
		Args:    commandline.Args(0, 0),
		Hidden:  true, // headstart doctor asks for it
		RunE: func(c *cobra.Command, _ []string) error {
			report, err := examine(c.Context(), options)
			if err != nil {
				report.Error = err.Error()
			}
			if asJSON {
				if printErr := printJSON(c.OutOrStdout(), report); printErr != nil {
					return printErr
				}
			} else if err == nil {
				fmt.Fprintf(c.OutOrStdout(), "%s: %s; opened in %d ms, compiled in %d ms, largest difference %.2g\n",
					report.Device, report.Description, report.OpenMS, report.CompileMS, report.LargestDiff)
				fmt.Fprintf(c.OutOrStdout(), "image decoding: %s loops\n", loops(report.Vectorized))
				if report.Fallback != "" {
					fmt.Fprintf(c.OutOrStdout(), "a better device was not taken: %s\n", report.Fallback)
				}
			}
			return err
		},
	}
	command.Flags().StringVar(&options.Device, "device", "auto", "auto, cpu, cuda or go")
	command.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return command
}

func loops(vectorized bool) string {
	if vectorized {
		return "AVX2"
	}
	return "plain"
}

// tolerance for a dot product of side terms in float32; TF32 on a GPU keeps ten bits of mantissa.
const (
	side      = 64
	tolerance = 1e-2
)

func examine(ctx context.Context, options accel.Options) (report deviceReport, err error) {
	start := time.Now()
	device, err := accel.Open(ctx, options)
	if err != nil {
		return report, err
	}
	defer device.Close()
	report.Device, report.Description, report.Plugin, report.Fallback = device.Name(), device.Description(), device.Plugin(), device.Fallback()
	report.OpenMS = time.Since(start).Milliseconds()
	report.Vectorized = imageio.Vectorized()

	a, b := make([]float32, side*side), make([]float32, side*side)
	for i := range a {
		a[i], b[i] = float32(math.Sin(float64(i))), float32(math.Cos(float64(i)))
	}
	start = time.Now()
	product, err := multiply(device, a, b)
	if err != nil {
		return report, fmt.Errorf("multiplying two matrices on %s: %w", report.Device, err)
	}
	report.CompileMS = time.Since(start).Milliseconds()
	for row := range side {
		for column := range side {
			var want float64
			for k := range side {
				want += float64(a[row*side+k]) * float64(b[k*side+column])
			}
			report.LargestDiff = max(report.LargestDiff, math.Abs(want-float64(product[row*side+column])))
		}
	}
	if !(report.LargestDiff <= tolerance) { // so that NaN fails as well
		return report, fmt.Errorf("multiplying two matrices on %s: the result is off by %g: the plugin or the device is broken", report.Device, report.LargestDiff)
	}
	return report, nil
}

// multiply turns GoMLX's panics into errors.
func multiply(device *accel.Device, a, b []float32) (product []float32, err error) {
	caught := exceptions.TryCatch[error](func() { product, err = multiplied(device, a, b) })
	if caught != nil {
		return nil, caught
	}
	return product, err
}

func multiplied(device *accel.Device, a, b []float32) ([]float32, error) {
	exec, err := graph.NewExec(device.Backend, func(x, y *graph.Node) *graph.Node { return graph.Dot(x, y).MatMul() })
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	result, err := exec.Call1(tensors.FromFlatDataAndDimensions(a, side, side), tensors.FromFlatDataAndDimensions(b, side, side))
	if err != nil {
		return nil, err
	}
	return tensors.CopyFlatData[float32](result)
}
