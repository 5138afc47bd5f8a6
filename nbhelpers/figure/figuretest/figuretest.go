// Package figuretest holds figures against golden files.
package figuretest

import (
	"bytes"
	"encoding/json"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
)

// Hostile is a label as a folder from the internet may hold it.
const Hostile = "<img src=x onerror=alert(1)>\n\x1b[31m\u202egpj.exe 猫 & \"quotes\" in a name that goes on and on and on, for ever and ever"

// Forms holds each form of a figure against its file in testdata.
func Forms(t *testing.T, update bool, name string, b display.Bundle) {
	t.Helper()
	for mime, extension := range map[string]string{
		display.MIMEText: ".txt", display.MIMEHTML: ".html", display.MIMEVegaLite: ".vl.json", display.MIMEPNG: ".png",
	} {
		value, ok := b.Data[mime]
		if ok {
			Compare(t, update, filepath.Join("testdata", name+extension), Golden(t, value))
		} else if mime == display.MIMEText {
			t.Errorf("there is no %s", mime)
		}
	}
}

// Check holds for every figure: no NaN slipped through, its PNG has its size, its HTML has no foreign markup, and it has no
// background or text color of its own, which would win over those of a dark page.
func Check(t *testing.T, name string, b display.Bundle) {
	t.Helper()
	if _, err := json.Marshal(b); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	markup, _ := b.Data[display.MIMEHTML].(string)
	text, _ := b.Data[display.MIMEText].(string)
	if strings.Contains(markup, "<img src=x") || strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("%s: a label got through as it was", name)
	}
	if file, ok := b.Data[display.MIMEPNG].([]byte); ok {
		size := b.Metadata[display.MIMEPNG].(map[string]any)
		if r := Pixels(t, file).Rect; r.Dx() != canvas.Resolution*size["width"].(int) || r.Dy() != canvas.Resolution*size["height"].(int) {
			t.Errorf("%s: %v pixels for %v", name, r, size)
		}
	}
	if spec, ok := b.Data[display.MIMEVegaLite].(map[string]any); ok {
		config, err := json.Marshal(spec["config"])
		if err != nil {
			t.Fatal(err)
		}
		if spec["background"] != nil || strings.Contains(strings.ToLower(string(config)), "color") {
			t.Errorf("%s: background %v, config %s", name, spec["background"], config)
		}
	}
}

// inlined is an image within HTML. Golden files leave its bytes out: the PNG beside it shows the image.
var inlined = regexp.MustCompile(`(data:image/(?:png|jpeg);base64,)[A-Za-z0-9+/=]+`)

// Golden is a representation as its golden file holds it.
func Golden(t *testing.T, value any) []byte {
	t.Helper()
	switch v := value.(type) {
	case []byte:
		return v
	case string:
		return append(inlined.ReplaceAll([]byte(v), []byte("$1")), '\n')
	}
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// maxGolden bounds a golden file in bytes.
const maxGolden = 4 << 20

// Compare holds a representation against a golden file, or writes that.
func Compare(t *testing.T, update bool, file string, got []byte) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := safefile.ReadFile(file, maxGolden)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(file) != ".png" {
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", file, diff)
		}
		return
	}
	if n := differing(t, want, got); n > 0 {
		t.Errorf("%s: %d pixels differ (-update rewrites it)", file, n)
	}
}

// differing counts the pixels in which two PNG files differ. Away from amd64 the floating-point unit may fuse a product
// and a sum, which moves the tone of a smooth edge by a little.
func differing(t *testing.T, want, got []byte) int {
	t.Helper()
	a, b := Pixels(t, want), Pixels(t, got)
	if a.Rect != b.Rect {
		t.Errorf("the sizes differ: %v and %v", a.Rect, b.Rect)
		return 0
	}
	tolerance := 0
	if runtime.GOARCH != "amd64" {
		tolerance = 8
	}
	n := 0
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d > tolerance || -d > tolerance {
			n++
		}
	}
	return n
}

// Pixels decodes a PNG file.
func Pixels(t *testing.T, data []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	drawn := image.NewRGBA(img.Bounds())
	draw.Draw(drawn, drawn.Rect, img, img.Bounds().Min, draw.Src)
	return drawn
}
