package transfer

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

const tinySize = 16 // pixels, of the images here

// pureGo is a device that needs no plugin.
func pureGo(t testing.TB) *accel.Device {
	t.Helper()
	device, err := accel.Open(context.Background(), accel.Options{Device: "go"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = device.Close() })
	return device
}

func xlaCPU(t *testing.T) *accel.Device {
	t.Helper()
	device, err := accel.Open(context.Background(), accel.Options{Device: "cpu"})
	if err != nil {
		t.Skip("needs the PJRT CPU plugin: make setup")
	}
	t.Cleanup(func() { _ = device.Close() })
	return device
}

// writeImages makes a folder with a class for each colour. The same arguments give the same files.
func writeImages(t testing.TB, dir string, perClass int, classes ...string) {
	t.Helper()
	tints := map[string][3]float64{"red": {200, 60, 60}, "green": {60, 200, 60}, "blue": {60, 60, 200}, "grey": {120, 120, 120}}
	for c, class := range classes {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, uint64(c)))
		for i := range perClass {
			img := image.NewRGBA(image.Rect(0, 0, tinySize, tinySize))
			for y := range tinySize {
				for x := range tinySize {
					var rgb [3]uint8
					for k := range rgb {
						rgb[k] = uint8(min(255, max(0, tints[class][k]+random.NormFloat64()*60)))
					}
					img.SetRGBA(x, y, color.RGBA{rgb[0], rgb[1], rgb[2], 255})
				}
			}
			writePNG(t, filepath.Join(dir, class, fmt.Sprintf("%03d.png", i)), img)
		}
	}
}

func writePNG(t testing.TB, path string, img image.Image) {
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

func load(t testing.TB, dir string) *imagefolder.Dataset {
	t.Helper()
	data, err := imagefolder.Load(context.Background(), dir, imagefolder.Options{Size: tinySize, Seed: 42, NearBits: -1})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// tiny is a backbone of two stages: "low" averages squares of 4x4 pixels, "high" mixes the colours into 6 channels.
type tiny struct {
	cut, pool string
	device    *accel.Device
	extracted *atomic.Int64 // images that went through
	digest    string
}

const (
	tinyChannels = 6
	tinyLayer    = "high_mix" // the only one with weights
)

func newTiny(device *accel.Device) tiny {
	return tiny{cut: "high", pool: "avg", device: device, extracted: &atomic.Int64{}, digest: strings.Repeat("ab", 32)}
}

func (b tiny) FeatureShape() []int {
	channels := tinyChannels
	if b.cut == "low" {
		channels = 3
	}
	if b.pool == "avg" {
		return []int{channels}
	}
	return []int{tinySize / 4, tinySize / 4, channels}
}

func (b tiny) Stages() []string {
	if b.cut == "low" {
		return []string{"low"}
	}
	return []string{"low", "high"}
}

func (b tiny) Identity() Identity {
	return Identity{
		Architecture: "tiny", Weights: "made", WeightsDigest: b.digest, Trained: true, Cut: b.cut, Pool: b.pool, Preprocess: "rescale",
		Belongs: "rescale", Geometry: imagefolder.Geometry{Size: tinySize, Method: imagefolder.Bilinear}, Precision: "float32",
		Fingerprint: "tiny|" + b.cut + "|" + b.pool + "|" + b.digest,
	}
}

func (b tiny) Maps(stage string) (Backbone, error) {
	if stage != "" {
		b.cut = stage
	}
	b.pool = "none"
	return b, nil
}

// mix is the weight of the stage "high", [3, tinyChannels].
func mix() []float32 {
	values := make([]float32, 3*tinyChannels)
	for i := range values {
		values[i] = float32((i*7)%11)/11 - 0.4
	}
	return values
}

func (b tiny) After(scope *model.Scope, stage string, tuning Tuning, x *graph.Node) *graph.Node {
	if stage == "" {
		x = graph.DivScalar(graph.ConvertDType(x, dtypes.Float32), 255)
		x = graph.MeanPool(x).Window(4).Done()
	}
	if b.cut == "high" {
		v := scope.At(tinyLayer).VariableWithValue("kernel", tensors.FromFlatDataAndDimensions(mix(), 3, tinyChannels))
		v.Trainable = tuning.Unfreeze != ""
		x = graph.Einsum("bhwc,cd->bhwd", x, v.NodeValue(x.Graph()))
		x = graph.Max(x, graph.ZerosLike(x))
	}
	return b.PoolFeatures(x)
}

func (b tiny) PoolFeatures(maps *graph.Node) *graph.Node {
	if b.pool == "avg" {
		return graph.ReduceMean(maps, 1, 2)
	}
	return maps
}

// StageOf knows the layer that After creates, below its scope, and no other: as a ResNet does.
func (b tiny) StageOf(path string) (stage string, norm bool, err error) {
	if layer, _, _ := strings.Cut(path, "/"); layer != tinyLayer || b.cut != "high" {
		return "", false, fmt.Errorf("tiny: find the stage of the variable %q: there is no layer of that name", path)
	}
	return "high", false, nil
}

func (b tiny) Extractor(_ context.Context, device *accel.Device, _ int) (Extractor, error) {
	exec, err := model.NewExec(device.Backend, model.NewStore(), func(scope *model.Scope, x *graph.Node) *graph.Node {
		return b.After(scope, "", Tuning{}, x)
	})
	return &tinyExtractor{b, exec}, err
}

type tinyExtractor struct {
	backbone tiny
	exec     *model.Exec
}

func (e *tinyExtractor) Batch() int   { return 8 }
func (e *tinyExtractor) Close() error { e.exec.Finalize(); return nil }

func (e *tinyExtractor) Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.backbone.extracted.Add(int64(n))
	var rows []float32
	size := tinySize * tinySize * 3
	for at := 0; at < n; at += e.Batch() { // padded, so that an image's numbers do not depend on its company
		some := min(e.Batch(), n-at)
		padded := make([]uint8, e.Batch()*size)
		copy(padded, pixels[at*size:(at+some)*size])
		out, err := e.exec.Call1(tensors.FromFlatDataAndDimensions(padded, e.Batch(), tinySize, tinySize, 3))
		if err != nil {
			return nil, err
		}
		flat, err := tensors.CopyFlatData[float32](out)
		if err != nil {
			return nil, err
		}
		rows = append(rows, flat[:len(flat)/e.Batch()*some]...)
	}
	return rows, nil
}

// tinyConfig is a training of a second on the pure Go backend.
func tinyConfig(t testing.TB, device *accel.Device) Config {
	t.Helper()
	dir := t.TempDir()
	writeImages(t, dir, 15, "red", "green", "blue")
	return Config{
		Dataset: load(t, dir), Backbone: newTiny(device), Head: "dense:8:relu", Epochs: 5, Batch: 8, LearningRate: 0.02, Seed: 7,
		Name: "first",
	}
}
