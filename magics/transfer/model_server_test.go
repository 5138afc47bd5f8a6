package transfer_test

import (
	"context"
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/modelserver"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// serve asks the lab as a Go cell does.
func serve[R any](t *testing.T, p *transfertest.Session, method string, params any) R {
	t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := modelserver.Handler(p.Lab())(context.Background(), method, raw)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	result, ok := answer.(R)
	if !ok {
		t.Fatalf("%s: the answer is a %T", method, answer)
	}
	return result
}

// widePhoto is an image for which it matters whether it is cropped or stretched: 96 x 32 pixels of a gradient.
func widePhoto(t *testing.T) (file string, pixels warm.Image) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 96, 32))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 255 / len(img.Pix))
		switch i % 4 {
		case 0:
			img.Pix[i] = uint8(i / 4 % 96 * 255 / 95)
		case 3:
			img.Pix[i] = 255
		}
	}
	file = filepath.Join(t.TempDir(), "wide.png")
	transfertest.WritePNG(t, file, img)
	pixels, err := warm.FromImage("", img)
	if err != nil {
		t.Fatal(err)
	}
	return file, pixels
}

// TestPixelsGoThroughTheModelsGeometry: an image that exists in memory only is resized as the images of the training were.
// The library, which reads the file as the training does, says what is right.
func TestPixelsGoThroughTheModelsGeometry(t *testing.T) {
	file, pixels := widePhoto(t)
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --resize crop --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu", "%train --epochs 1")
	trained, err := p.Lab().Trained(t.Context(), lab.Ref{})
	if err != nil {
		t.Fatal(err)
	}
	geometry := trained.Geometry()
	if geometry.Method != imageio.Crop {
		t.Fatalf("the model resizes by %q", geometry.Method)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]uint8, geometry.Bytes())
	if err := imageio.At(seen, data, geometry, imageio.Limits{}); err != nil {
		t.Fatal(err)
	}
	device, err := p.Lab().Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	extractor, err := trained.Model.Backbone().Extractor(t.Context(), device, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Close()
	want, err := extractor.Extract(t.Context(), seen, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, img := range map[string]warm.Image{"pixels": pixels, "file": {File: file}} {
		got, err := serve[warm.FeaturesResult](t, p, warm.MethodFeatures, warm.FeaturesParams{Images: []warm.Image{img}}).Features.Floats()
		if err != nil {
			t.Fatal(err)
		}
		if e := relativeError(got, want); e > 1e-6 {
			t.Errorf("the features of the %s differ by %.2g from those of the model's own geometry", name, e)
		}
	}

	predicted := func(img warm.Image) float64 {
		return serve[warm.PredictResult](t, p, warm.MethodPredict, warm.PredictParams{Images: []warm.Image{img}}).Predictions[0].Probability()
	}
	if a, b := predicted(pixels), predicted(warm.Image{File: file}); math.Abs(a-b) > 1e-5 {
		t.Errorf("%s predicts %v for pixels and %v for the file", trained.Name, a, b)
	}
	heat := func(img warm.Image) []float32 {
		values, err := serve[warm.Explanation](t, p, warm.MethodExplain, warm.ExplainParams{Image: img, Class: "red"}).Heat.Floats()
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	if e := relativeError(heat(pixels), heat(warm.Image{File: file})); e > 1e-4 {
		t.Errorf("the heat maps differ by %.2g", e)
	}
}

// relativeError is the distance of two vectors by the length of the second.
func relativeError(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var distance, length float64
	for i := range want {
		d := float64(got[i]) - float64(want[i])
		distance, length = distance+d*d, length+float64(want[i])*float64(want[i])
	}
	return math.Sqrt(distance / length)
}
