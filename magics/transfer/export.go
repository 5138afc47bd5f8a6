package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
)

type exportFlags struct {
	Model, Out string
}

func exportMagic(l *Lab) magics.Magic {
	return &magics.Command[exportFlags]{
		Use:     "export FORMAT",
		Short:   "Writes the model for other programs",
		Long:    "FORMAT is onnx (one file, images to probabilities) or torch (a safetensors state dict, with the code that loads it).",
		Example: "%export onnx --out trash.onnx",
		Args: magics.Args{Min: 1, Max: 1, Complete: func(context.Context, []string, string) []string {
			return []string{"onnx", "torch"}
		}},
		Flags: func(f *pflag.FlagSet, o *exportFlags) {
			f.StringVar(&o.Model, "model", "", "this model instead of the current one")
			magics.Path(f, &o.Out, "out", "", "the file to write; by default the model's name with the format's ending")
		},
		Do: func(_ context.Context, in *magics.Invocation, o *exportFlags) error {
			model, trained, err := l.Trained(o.Model)
			if err != nil {
				return err
			}
			switch in.Args[0] {
			case "onnx":
				out := outFile(o.Out, model.Name+".onnx")
				if err := trained.ExportONNX(out); err != nil {
					return err
				}
				return in.Printf("wrote %s: the input is [batch, height, width, 3] RGB from 0 to 255, the output probabilities\n", out)
			case "torch":
				out := outFile(o.Out, model.Name+".safetensors")
				snippet, err := trained.ExportTorch(out)
				if err != nil {
					return err
				}
				return in.Printf("wrote %s; PyTorch loads it with:\n\n%s", out, snippet)
			}
			return fmt.Errorf("exporting as %q: onnx and torch are there", in.Args[0])
		},
	}
}

func outFile(asked, otherwise string) string {
	if asked == "" {
		return otherwise
	}
	return asked
}
