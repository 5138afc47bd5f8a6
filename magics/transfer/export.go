package transfer

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/lab"
)

type exportFlags struct {
	lab.Ref
	Out string
}

func exportMagic(p *Presenter) magics.Magic {
	return &magics.Command[exportFlags]{
		Use:     "export FORMAT",
		Short:   "Writes the model for other programs",
		Long:    "FORMAT is onnx (one file, images to probabilities) or torch (a safetensors state dict, with the code that loads it).",
		Example: "%export onnx --out trash.onnx",
		Args: magics.Args{Min: 1, Max: 1, Complete: func(context.Context, []string, string) []string {
			return []string{"onnx", "torch"}
		}},
		Flags: func(f *pflag.FlagSet, o *exportFlags) {
			declareRef(f, &o.Ref)
			magics.Path(f, &o.Out, "out", "", "file to write; by default the model's name with the format's ending")
		},
		Do: advising(func(ctx context.Context, in *magics.Invocation, o *exportFlags) error {
			trained, err := p.lab.Trained(ctx, o.Ref)
			if err != nil {
				return err
			}
			switch in.Args[0] {
			case "onnx":
				out := cmp.Or(o.Out, trained.Name+".onnx")
				if err := trained.Model.ExportONNX(out); err != nil {
					return err
				}
				return in.Printf("wrote %s: the input is [batch, height, width, 3] RGB from 0 to 255, the output probabilities\n", out)
			case "torch":
				out := cmp.Or(o.Out, trained.Name+".safetensors")
				snippet, err := trained.Model.ExportTorch(out)
				if err != nil {
					return err
				}
				return in.Printf("wrote %s; PyTorch loads it with:\n\n%s", out, snippet)
			}
			return fmt.Errorf("export: the format must be one of onnx, torch; got %q", in.Args[0])
		}),
	}
}
