package transfer

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type deviceFlags struct {
	accel.Options
}

// deviceSummary is what --json tells of the device.
type deviceSummary struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Plugin      string `json:"plugin"`
	Fallback    string `json:"fallback,omitempty"` // why a better device was not taken
	HeapMiB     uint64 `json:"heap_mib"`
	Devices     int    `json:"devices"` // that may share a batch
	Models      int    `json:"models"`
	Runs        int    `json:"runs"`
}

func deviceMagic(l *Lab) magics.Magic {
	command := &magics.Command[deviceFlags]{
		Use:     "device [auto|cpu|cuda|go]",
		Short:   "Shows the device that computes, or chooses another",
		Example: "%device\n%device cuda --memory-fraction 0.5",
		Args: magics.Args{Max: 1, Complete: func(context.Context, []string, string) []string {
			return []string{"auto", "cpu", "cuda", "go"}
		}},
		JSON: true,
		Flags: func(f *pflag.FlagSet, o *deviceFlags) {
			f.Float64Var(&o.MemoryFraction, "memory-fraction", 0, "share of the GPU's memory that may be taken; 0 for XLA's default")
			f.BoolVar(&o.Preallocate, "preallocate", false, "take that memory at once")
			f.BoolVar(&o.DisableTF32, "no-tf32", false, "keep float32 dots in full precision on a GPU")
			f.IntVar(&o.Devices, "devices", 0, "divide the CPU into so many devices, to try out %train --devices")
			f.IntSliceVar(&o.GPUs, "gpus", nil, "numbers of the GPUs to use; all by default")
			f.BoolVar(&o.Fallback, "fallback", false, "take the next slower device where that one cannot be had")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *deviceFlags) error {
			if len(in.Args) > 0 {
				o.Device = in.Args[0]
				if err := l.chooseDevice(ctx, o.Options); err != nil {
					return err
				}
			}
			summary, err := l.describeDevice(ctx)
			if err != nil {
				return err
			}
			return in.Result(summary, func() (display.Bundle, error) {
				rows := [][]string{
					{"device", summary.Name}, {"what it is", summary.Description}, {"plugin", summary.Plugin},
					{"devices in it", fmt.Sprint(summary.Devices)},
					{"warm models", fmt.Sprint(summary.Models)}, {"runs under way", fmt.Sprint(summary.Runs)},
					{"Go heap", fmt.Sprintf("%d MiB", summary.HeapMiB)},
				}
				if summary.Fallback != "" {
					rows = append(rows, []string{"not a better one", summary.Fallback})
				}
				return figure.Table(figure.TableData{Title: "device", Header: []string{"", ""}, Rows: rows}), nil
			})
		},
	}
	return answers(command, func(context.Context, struct{}) (any, error) { return l.status(), nil })
}

// declareDevice declares the flag with which other magics choose the device.
func declareDevice(f *pflag.FlagSet, device *string) {
	magics.Enum(f, device, "device", "", []string{"auto", "cpu", "cuda", "go"}, "compute there from now on, as %device does; by default where the last one did")
}

// changeDevice chooses a device by its kind; one of that kind which is open already stays, with its warm models.
func (l *Lab) changeDevice(ctx context.Context, kind string) error {
	l.mu.Lock()
	stays := kind == "" || l.device != nil && (kind == "auto" || l.device.Name() == kind || l.device.Name() == "xla:"+kind)
	l.mu.Unlock()
	if stays {
		return nil
	}
	return l.chooseDevice(ctx, accel.Options{Device: kind})
}

// status is what is known of the device without opening it: the extension asks again and again.
func (l *Lab) status() deviceSummary {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	l.mu.Lock()
	defer l.mu.Unlock()
	s := deviceSummary{HeapMiB: memory.HeapAlloc >> 20, Models: len(l.models.order)}
	if l.device != nil {
		s.Name, s.Description, s.Plugin, s.Fallback = l.device.Name(), l.device.Description(), l.device.Plugin(), l.device.Fallback()
		s.Devices = l.device.Count()
	}
	for _, r := range l.runs {
		if r.running() {
			s.Runs++
		}
	}
	return s
}

// chooseDevice opens another device. Models that are warm on the old one have to be trained or loaded again.
func (l *Lab) chooseDevice(ctx context.Context, options accel.Options) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.runs {
		if r.running() {
			return fmt.Errorf("changing the device to %s: the run %s computes on it; end it with %%attach %s --stop", options.Device, r.name, r.name)
		}
	}
	device, err := accel.Open(ctx, options)
	if err != nil {
		return err
	}
	for _, m := range l.models.all() {
		m.close()
	}
	if l.device != nil {
		if err := l.device.Close(); err != nil {
			l.log.Warn("closing the device", "error", err)
		}
	}
	l.device, l.deviceOptions = device, options
	return nil
}

func (l *Lab) describeDevice(ctx context.Context) (deviceSummary, error) {
	if _, err := l.Device(ctx); err != nil {
		return deviceSummary{}, err
	}
	return l.status(), nil
}
