package classifier

import (
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/modeltest"
)

// TestWhatWasTrainedOnIsPredicted uses a model on an image above the usual limit, which its training took.
func TestWhatWasTrainedOnIsPredicted(t *testing.T) {
	m := fit(t, modeltest.PureGo(t), smallJob(t))
	file := filepath.Join(t.TempDir(), "large.png")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	const side = 7200 // more than 50 million pixels
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(f, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	refused := func(options PredictOptions) bool {
		t.Helper()
		predictions, err := m.PredictWith(t.Context(), []string{file}, options)
		if err != nil {
			t.Fatal(err)
		}
		return predictions[0].Error != ""
	}
	if !refused(PredictOptions{}) {
		t.Error("an image above the usual limit was taken")
	}
	if refused(PredictOptions{Limits: imageio.Limits{MaxPixels: side * side}}) {
		t.Error("an image within the limit of the call was refused")
	}
	m.Provenance.MaxPixels = side * side
	if refused(PredictOptions{}) {
		t.Error("an image within the limit of the training was refused")
	}
	id := m.Outcome
	id.Provenance.Files = nil
	data, err := new(Verification).recordedDataset(t.Context(), id, VerifyOptions{Root: t.TempDir()})
	if err != nil || data.Options.MaxPixels != side*side {
		t.Errorf("the dataset of a verification has the limit %d, %v", data.Options.MaxPixels, err)
	}
}

// A model that a training has replaced may still be held by a panel that predicts the images of a camera.
func TestAClosedModelSaysSo(t *testing.T) {
	m := fit(t, modeltest.PureGo(t), smallJob(t))
	pixels := make([]uint8, m.geometry().Bytes())
	if _, err := m.PredictPixels(t.Context(), pixels, 1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.PredictPixels(t.Context(), pixels, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("pixels: %v", err)
	}
	file := filepath.Join(t.TempDir(), "image.png")
	f, err := os.Create(file)
	if err := errors.Join(err, png.Encode(f, image.NewGray(image.Rect(0, 0, 8, 8))), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.PredictWith(t.Context(), []string{file}, PredictOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("a file: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, SaveOptions{}); !errors.Is(err, ErrClosed) {
		t.Errorf("to save: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a folder without weights is left")
	}
	if _, err := m.Evaluate(t.Context(), modeltest.Colors(t), ""); !errors.Is(err, ErrClosed) {
		t.Errorf("to evaluate: %v", err)
	}
	if _, err := m.exported(); !errors.Is(err, ErrClosed) {
		t.Errorf("to export: %v", err)
	}
}
