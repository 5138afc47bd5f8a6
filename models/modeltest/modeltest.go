// Package modeltest gives tests of trainings small things to train: images, datasets, devices and backbones.
package modeltest

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// Size is the height and width of the images that the backbones here take: the smallest that a ResNet does.
const Size = 32

// PureGo is a device that needs no plugin.
func PureGo(t testing.TB) *accel.Device {
	t.Helper()
	device, err := accel.Open(context.Background(), accel.Options{Device: "go"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = device.Close() })
	return device
}

// XLA is a CPU, cut into so many devices; without the plugin the test is skipped.
func XLA(t testing.TB, devices int) *accel.Device {
	t.Helper()
	device, err := accel.Open(context.Background(), accel.Options{Device: "cpu", Devices: devices})
	if err != nil {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup ("+err.Error()+")")
	}
	t.Cleanup(func() { _ = device.Close() })
	return device
}

// tints are the colors of classes.
var tints = map[string][3]float64{"red": {200, 60, 60}, "green": {60, 200, 60}, "blue": {60, 60, 200}, "grey": {120, 120, 120}}

// WriteImages makes a folder with a class for each color. The same arguments give the same files.
func WriteImages(t testing.TB, dir string, perClass int, classes ...string) {
	t.Helper()
	for c, class := range classes {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, uint64(c)))
		for i := range perClass {
			WritePNG(t, filepath.Join(dir, class, fmt.Sprintf("%03d.png", i)), noise(random, tints[class]))
		}
	}
}

func noise(random *rand.Rand, tint [3]float64) image.Image {
	const side = 16
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for at := range side * side {
		var rgb [3]uint8
		for k := range rgb {
			rgb[k] = uint8(min(255, max(0, tint[k]+random.NormFloat64()*60)))
		}
		img.SetRGBA(at%side, at/side, color.RGBA{rgb[0], rgb[1], rgb[2], 255})
	}
	return img
}

// WritePNG writes an image.
func WritePNG(t testing.TB, path string, img image.Image) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, img); err != nil {
		t.Fatal(err)
	}
}

// Load loads a folder at the size of the backbones here; near-copies count as other images.
func Load(t testing.TB, dir string) *imagefolder.Dataset {
	t.Helper()
	options := imagefolder.DefaultOptions()
	options.Size, options.NearBits = Size, -1
	data, err := imagefolder.Load(context.Background(), dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Colors is a dataset of 45 images in three classes: 36 to train on, 9 for validation.
func Colors(t testing.TB) *imagefolder.Dataset {
	t.Helper()
	dir := t.TempDir()
	WriteImages(t, dir, 15, "red", "green", "blue")
	return Load(t, dir)
}

// Options are those of the smallest ResNet50, with random weights.
func Options() resnet.Options {
	o := resnet.DefaultOptions()
	o.Weights, o.Cut, o.Size = resnet.RandomWeights(5), "conv1", Size
	return o
}

// Backbone opens a ResNet.
func Backbone(t testing.TB, options resnet.Options) *features.Backbone {
	t.Helper()
	network, err := backbone.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	return features.New(network, features.DefaultOptions())
}

// WriteWeights writes a backbone's weights into a file, from which they are opened as trained ones: under Keras's names.
func WriteWeights(t testing.TB, backbone *features.Backbone) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "weights.safetensors")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := weights.Write(file, backbone.Network().Tensors(), nil); err != nil {
		t.Fatal(err)
	}
	return path
}
