package transfer

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/lab"
)

// ExportFlags are the choices of %export; the command line shares them.
type ExportFlags struct {
	lab.Ref
	Out string
}

// Declare declares the flags.
func (o *ExportFlags) Declare(f *pflag.FlagSet) {
	sharedflag.Ref(f, &o.Ref)
	magics.Path(f, &o.Out, "out", "", "file to write, for hf a folder; by default the model's name with the format's ending")
}

// ExportFormats lists what Export writes.
func ExportFormats() []string { return []string{"onnx", "torch", "hf"} }

func exportMagic(p *Presenter) magics.Magic {
	return &magics.Command[ExportFlags]{
		Use:     "export FORMAT",
		Short:   "Writes the model for other programs",
		Long:    "FORMAT is onnx (one file, images to probabilities), torch (a safetensors state dict, with the code that loads it) or hf (a\nfolder that Hugging Face's transformers load; the head has to be one linear layer on one stage).",
		Example: "%export onnx --out trash.onnx",
		Args: magics.Args{Min: 1, Max: 1, Complete: func(context.Context, []string, string) []string {
			return ExportFormats()
		}},
		Flags: func(f *pflag.FlagSet, o *ExportFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *ExportFlags) error {
			return p.Export(ctx, output.Of(in), in.Args[0], *o)
		}),
	}
}

// Export writes a model in the format of another program.
func (p *Presenter) Export(ctx context.Context, page output.Page, format string, o ExportFlags) error {
	trained, err := p.lab.Trained(ctx, o.Ref)
	if err != nil {
		return err
	}
	switch format {
	case "onnx":
		out := cmp.Or(o.Out, trained.Name+".onnx")
		if err := trained.Model.ExportONNX(out); err != nil {
			return err
		}
		g := trained.Geometry()
		return page.Printf("wrote %s: the input is uint8 [batch, %d, %d, 3], RGB from 0 to 255, of images resized by %s; the outputs are %s\n",
			out, g.Size, g.Size, cmp.Or(g.Method, imagefolder.Bilinear), phrase.Listed(trained.Model.Classes))
	case "torch":
		out := cmp.Or(o.Out, trained.Name+".safetensors")
		snippet, err := trained.Model.ExportTorch(out)
		if err != nil {
			return err
		}
		return page.Printf("wrote %s; PyTorch loads it with:\n\n%s", out, snippet)
	case "hf":
		out := cmp.Or(o.Out, trained.Name+"-hf")
		if err := trained.Model.ExportHuggingFace(out); err != nil {
			return err
		}
		return page.Printf("wrote %s; transformers load it with AutoModelForImageClassification.from_pretrained\n", out)
	}
	return fmt.Errorf("export: the format must be one of %s; got %q", strings.Join(ExportFormats(), ", "), format)
}
