package figure

import (
	"bytes"
	"encoding/base64"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

var imageTag = regexp.MustCompile(`<img alt="[^"<>]*" width="(\d+)" height="(\d+)" style="[^"<>]*" src="data:image/(png|jpeg);base64,([^"<>]*)">`)

// TestGalleriesAreHTML: a page shows a gallery in its own colors, with every image, and without a color for text or a ground
// that a dark theme would stand out from.
func TestGalleriesAreHTML(t *testing.T) {
	wide, small := drawnPhoto(1, 400, 200), drawnPhoto(2, 20, 40)
	for name, of := range map[string]struct {
		bundle display.Bundle
		sizes  [][2]int // in CSS pixels
		kinds  []string
	}{
		"grid":  {Grid(GridData{Thumb: 100, Cells: []Cell{{Image: wide}, {Image: small}, {}}}), [][2]int{{100, 50}, {50, 100}}, []string{"jpeg", "png"}},
		"top k": {TopK(TopKData{Predictions: []Prediction{predicted("a", "b", wide, MarkRight, score{"a", 1})}}), [][2]int{{96, 48}}, []string{"jpeg"}},
		"heat":  {Heat(HeatData{Items: []HeatItem{{wide, gradient(4, 4), 4, 4, "a", prediction.Score{}, MarkNone}}}), [][2]int{{150, 75}, {150, 75}}, []string{"jpeg", "jpeg"}},
	} {
		markup, _ := of.bundle.Data[display.MIMEHTML].(string)
		found := imageTag.FindAllStringSubmatch(markup, -1)
		if len(found) != len(of.sizes) || len(found) != strings.Count(markup, "<img") {
			t.Errorf("%s: %d images, want %d", name, len(found), len(of.sizes))
			continue
		}
		for i, tag := range found {
			if size := [2]int{number(t, tag[1]), number(t, tag[2])}; size != of.sizes[i] || tag[3] != of.kinds[i] {
				t.Errorf("%s: image %d is %v as %s, want %v as %s", name, i, size, tag[3], of.sizes[i], of.kinds[i])
			}
			raw, err := base64.StdEncoding.DecodeString(tag[4])
			if err != nil {
				t.Fatal(err)
			}
			config, kind, err := image.DecodeConfig(bytes.NewReader(raw))
			if err != nil || kind != tag[3] || config.Width > 2*of.sizes[i][0] {
				t.Errorf("%s: image %d has %d pixels in %s, %v", name, i, config.Width, kind, err)
			}
		}
		if plain := regexp.MustCompile(`(?i)[;"]color:|background:#(fff|f)`).FindString(strings.ReplaceAll(markup, `<b style="color:#009E73">✓</b>`, "")); plain != "" {
			t.Errorf("%s: it has a color of its own: %s", name, plain)
		}
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
