package transfer

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type deviceFlags struct {
	accel.Options
}

func deviceMagic(p *Presenter) magics.Magic {
	return &magics.Command[deviceFlags]{
		Use:     "device [auto|cpu|cuda|go]",
		Short:   "Shows the device that computes, or chooses another",
		Example: "%device\n%device cuda --memory-fraction 0.5",
		Args: magics.Args{Max: 1, Complete: func(context.Context, []string, string) []string {
			return []string{"auto", "cpu", "cuda", "go"}
		}},
		JSON: true,
		Flags: func(f *pflag.FlagSet, o *deviceFlags) {
			f.Float64Var(&o.MemoryFraction, "memory-fraction", 0, "fraction of the GPU's memory to use; 0 for XLA's default")
			f.BoolVar(&o.Preallocate, "preallocate", false, "allocate that memory at the start")
			f.BoolVar(&o.DisableTF32, "no-tf32", false, "use full float32 precision on a GPU instead of TF32")
			f.IntVar(&o.Devices, "devices", 0, "number of devices that the CPU is divided into, to try %train --devices")
			f.IntSliceVar(&o.GPUs, "gpus", nil, "numbers of the GPUs to use; by default all")
			f.BoolVar(&o.Fallback, "fallback", false, "use the next slower device where that one is not available")
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *deviceFlags) error {
			if len(in.Args) == 0 && !reflect.DeepEqual(o.Options, accel.Options{}) {
				return errors.New("choose a device: its name is missing, without which the flags change nothing: %device cpu --devices 4")
			}
			if len(in.Args) > 0 {
				o.Device = in.Args[0]
				if err := p.lab.OpenDevice(ctx, o.Options); err != nil {
					return err
				}
			}
			if _, err := p.lab.Device(ctx); err != nil {
				return err
			}
			summary := p.lab.DeviceStatus()
			return output.Of(in).Result(ctx, summary, func() (display.Bundle, error) {
				rows := [][]string{
					{"device", summary.Name}, {"description", summary.Description}, {"plugin", summary.Plugin},
					{"devices in it", fmt.Sprint(summary.Devices)},
					{"models in memory", fmt.Sprint(summary.Models)}, {"runs in progress", fmt.Sprint(summary.Runs)},
					{"memory of the process", fmt.Sprintf("%d MiB", summary.MemoryMiB)},
				}
				if summary.Fallback != "" {
					rows = append(rows, []string{"why not a faster one", summary.Fallback})
				}
				return figure.Table(figure.TableData{Title: "device", Header: []string{"", ""}, Rows: rows}), nil
			})
		}),
	}
}
