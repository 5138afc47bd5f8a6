package gonb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb"
)

// Magics get a folder of images for a variable, whatever its type is called.
func TestImagesOfVariables(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "images")
	nb := openWith(t, func(o *gonb.Options) { o.ImageDir = folder })
	nb.ok(`type photo struct{ path, label string }
os.MkdirAll("cats", 0o755)
os.WriteFile("cats/1.jpg", []byte("cat"), 0o644)
photos := []photo{{"cats/1.jpg", "cat"}}
numbers := []float64{1}`)
	got, known, err := nb.engine.Images(t.Context(), "photos")
	if err != nil || !known || filepath.Dir(got) != folder {
		t.Fatalf("%s, %t, %v", got, known, err)
	}
	if text, err := os.ReadFile(filepath.Join(got, "cat", "1.jpg")); err != nil || string(text) != "cat" {
		t.Errorf("%q, %v", text, err)
	}
	if _, known, err := nb.engine.Images(t.Context(), "numbers"); err == nil || !known || !strings.Contains(err.Error(), "[]float64 holds no images: it must be ") {
		t.Errorf("%t, %v", known, err)
	}
	if _, known, err := nb.engine.Images(t.Context(), "val"); known || err != nil {
		t.Errorf("%t, %v", known, err)
	}
	nb.shows("len(photos)", "1")
}
