package transfer

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// textOf is the text of the output whose first line starts with a title.
func textOf(t *testing.T, host *magictest.Host, title string) string {
	t.Helper()
	for _, shown := range host.Outputs() {
		data := shown.Bundles[len(shown.Bundles)-1].Data
		if text, _ := data[display.MIMEText].(string); strings.HasPrefix(text, title) {
			if data[display.MIMEPNG] == nil {
				t.Errorf("%s has no image", title)
			}
			return text
		}
	}
	t.Fatalf("nothing is shown that starts with %q", title)
	return ""
}

func TestDatasetFigures(t *testing.T) {
	p := goLab(t)
	host := mustCall(t, p, "%dataset load photos --size 32")
	if out := host.Output(); !strings.Contains(out, "all images have 8 x 8 pixels") {
		t.Errorf("sizes that are the same: %q", out)
	}
	gallery := textOf(t, host, "photos: 24 of 24 images")
	if strings.Count(gallery, "blue") != 12 || strings.Count(gallery, "red") != 12 || strings.Index(gallery, "red") < strings.LastIndex(gallery, "blue") || !strings.Contains(gallery, "train") {
		t.Errorf("the gallery is not by class, with images of the training:\n%s", gallery)
	}
	if got := mustCall(t, p, "%dataset show --duplicates").Output(); got != "photos has no image twice\n" {
		t.Errorf("without a copy: %q", got)
	}

	img := image.NewRGBA(image.Rect(0, 0, 64, 16))
	for i := range 1024 {
		img.SetRGBA(i%64, i/64, color.RGBA{uint8(i % 251), uint8(i % 17), 90, 255})
	}
	if err := writePNG(filepath.Join("photos", "red", "wide.png"), img); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join("photos", "red", "3.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("photos", "red", "copy\n.png"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	host = mustCall(t, p, "%dataset load photos --size 32")
	if out := host.Output(); !strings.Contains(out, "note: ") || strings.Contains(host.Errors(), "note: ") {
		t.Errorf("a note is among the errors, which are red:\n%s\nand not here:\n%s", host.Errors(), out)
	}
	sizes := textOf(t, host, "photos: image sizes")
	for _, want := range []string{"widths from 8 to 64, heights from 8 to 16 pixels, aspect ratios from 1.00 to 4.00", "aspect ratio, width to height", "train"} {
		if !strings.Contains(sizes, want) {
			t.Errorf("the sizes lack %q:\n%s", want, sizes)
		}
	}
	for _, line := range []string{"%dataset load photos --size 32", "%dataset show --duplicates --limit 2"} {
		pairs := textOf(t, mustCall(t, p, line), "photos: 1 of 1 pair of copies")
		for _, want := range []string{"red/3.png", `copy\n.png`, "same bytes", "1 of the pairs have the same bytes, 0 are nearly"} {
			if !strings.Contains(pairs, want) {
				t.Errorf("%s: the pairs lack %q:\n%s", line, want, pairs)
			}
		}
	}
	textOf(t, mustCall(t, p, "%dataset show --sizes"), "photos: image sizes")
	if got := textOf(t, mustCall(t, p, "%dataset show --class red --limit 5"), "photos: 5 of 26"); strings.Contains(got, "blue") {
		t.Errorf("another class is shown:\n%s", got)
	}
}

// textShown is the text of all that is shown.
func textShown(host *magictest.Host) string {
	var b strings.Builder
	for _, shown := range host.Outputs() {
		text, _ := shown.Bundles[len(shown.Bundles)-1].Data[display.MIMEText].(string)
		b.WriteString(text + "\n")
	}
	return b.String()
}
