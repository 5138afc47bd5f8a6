// Package sharedflag declares the flags that several magics have.
package sharedflag

import (
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/prediction"
)

// Ref declares the flags that name a trained model.
func Ref(f *pflag.FlagSet, of *lab.Ref) {
	f.StringVar(&of.Model, "model", "", "name of the model; by default the current one")
	f.StringVar(&of.Run, "run", "", "run whose model is used, also where its model has been trained again since")
}

// Limits declares the flag that bounds what is decoded.
func Limits(f *pflag.FlagSet, limits *imageio.Limits) {
	f.Int64Var(&limits.MaxPixels, "max-pixels", 0, "skip images with more pixels; 0 means 50 million, or as many as a training on this machine took")
}

// TTA declares the flag for test-time augmentation.
func TTA(f *pflag.FlagSet, tta *prediction.TTA) {
	magics.Enum(f, (*string)(tta), "tta", string(prediction.TTANone), recipeflag.Words(prediction.TTAs()),
		"test-time augmentation: flip averages the probabilities with those of the mirror image")
}

// Device declares the flag with which other magics choose the device.
func Device(f *pflag.FlagSet, device *string) {
	magics.Enum(f, device, "device", "", []string{"auto", "cpu", "cuda", "go"}, "device from now on; by default the last one")
}
