package datasets_test

import (
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

func TestDatasetFigures(t *testing.T) {
	p := transfertest.New(t)
	host := p.Must(t, "%dataset load photos --size 32")
	if out := host.Output(); !strings.Contains(out, "all images have 8 x 8 pixels") {
		t.Errorf("sizes that are the same: %q", out)
	}
	gallery := transfertest.TextOf(t, host, "photos: 24 of 24 images")
	if strings.Count(gallery, "blue") != 12 || strings.Count(gallery, "red") != 12 || strings.Index(gallery, "red") < strings.LastIndex(gallery, "blue") || !strings.Contains(gallery, "train") {
		t.Errorf("the gallery is not by class, with images of the training:\n%s", gallery)
	}
	if got := p.Must(t, "%dataset show --duplicates").Output(); got != "photos has no image twice\n" {
		t.Errorf("without a copy: %q", got)
	}

	img := image.NewRGBA(image.Rect(0, 0, 64, 16))
	for i := range 1024 {
		img.SetRGBA(i%64, i/64, color.RGBA{uint8(i % 251), uint8(i % 17), 90, 255})
	}
	transfertest.WritePNG(t, filepath.Join("photos", "red", "wide.png"), img)
	raw, err := os.ReadFile(filepath.Join("photos", "red", "3.png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("photos", "red", "copy\n.png"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	host = p.Must(t, "%dataset load photos --size 32")
	if out := host.Output(); !strings.Contains(out, "note: ") || strings.Contains(host.Errors(), "note: ") {
		t.Errorf("a note is among the errors, which are red:\n%s\nand not here:\n%s", host.Errors(), out)
	}
	sizes := transfertest.TextOf(t, host, "photos: image sizes")
	for _, want := range []string{"widths from 8 to 64, heights from 8 to 16 pixels, aspect ratios from 1.00 to 4.00", "aspect ratio, width to height", "train"} {
		if !strings.Contains(sizes, want) {
			t.Errorf("the sizes lack %q:\n%s", want, sizes)
		}
	}
	for _, line := range []string{"%dataset load photos --size 32", "%dataset show --duplicates --limit 2"} {
		pairs := transfertest.TextOf(t, p.Must(t, line), "photos: 1 of 1 pair of copies")
		for _, want := range []string{"red/3.png", `copy\n.png`, "same bytes", "1 of the pairs have the same bytes, 0 are nearly"} {
			if !strings.Contains(pairs, want) {
				t.Errorf("%s: the pairs lack %q:\n%s", line, want, pairs)
			}
		}
	}
	doubts := p.Must(t, "%clean")
	if got := transfertest.TextShown(doubts); len(doubts.Outputs()) != 1 || strings.Count(got, `copy\n.png`) != 1 {
		t.Errorf("%%clean has %d outputs, and shows:\n%s", len(doubts.Outputs()), got)
	}
	transfertest.TextOf(t, p.Must(t, "%dataset show --sizes"), "photos: image sizes")
	if got := transfertest.TextOf(t, p.Must(t, "%dataset show --class red --limit 5"), "photos: 5 of 26"); strings.Contains(got, "blue") {
		t.Errorf("another class is shown:\n%s", got)
	}
}

// TestFlagsOfShowAreCombined or refused: none is ignored.
func TestFlagsOfShowAreCombined(t *testing.T) {
	p := transfertest.New(t)
	img := image.NewRGBA(image.Rect(0, 0, 64, 16))
	for i := range 1024 {
		img.SetRGBA(i%64, i/64, color.RGBA{uint8(i % 251), uint8(i % 17), 90, 255})
	}
	transfertest.WritePNG(t, filepath.Join("photos", "red", "wide.png"), img)
	for copied, of := range map[string]string{"red/red copy.png": "red/3.png", "blue/blue copy.png": "blue/3.png", "blue/of red.png": "red/5.png"} {
		raw, err := os.ReadFile(filepath.Join("photos", of))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("photos", copied), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.Must(t, "%dataset load photos --size 32 --test 0.2")
	for line, want := range map[string][]string{
		"--duplicates":                        {"3 of 3 pairs of copies, each", "red copy.png", "blue copy.png", "of red.png"},
		"--duplicates --class red":            {"2 of 2 pairs of copies of the class red, each", "red copy.png", "of red.png"},
		"--duplicates --class red --limit 2":  {"1 of 2 pairs of copies of the class red, each"},
		"--sizes --class red":                 {"image sizes of the class red", "widths from 8 to 64"},
		"--sizes --class blue":                {"all images of the class blue have 8 x 8 pixels"},
		"--limit 4":                           {"photos: 4 of 28 images"},
		"--class red --split train --limit 4": {"photos: 4 of 28 images"},
	} {
		host := p.Must(t, "%dataset show "+line)
		shown := host.Output() + transfertest.TextShown(host)
		for _, text := range want {
			if !strings.Contains(shown, text) {
				t.Errorf("%s: %q is missing:\n%s", line, text, shown)
			}
		}
		if strings.Contains(line, "--duplicates --class red") && strings.Contains(shown, "blue copy.png") {
			t.Errorf("%s: pairs of another class are shown:\n%s", line, shown)
		}
	}
	for line, want := range map[string]string{
		"--duplicates --map":          "--map and --duplicates are different figures: choose one",
		"--sizes --augmented":         "--augmented and --sizes are different figures: choose one",
		"--map --limit 4":             "--limit has no effect with --map",
		"--sizes --limit 4":           "--limit has no effect with --sizes",
		"--sizes --augment flip":      "--augment has no effect with --sizes",
		"--augment flip":              "--augment has no effect without --augmented",
		"--duplicates --class yellow": "yellow",
		"--sizes --class yellow":      "yellow",
	} {
		err := p.Call(t.Context(), &magictest.Host{}, "%dataset show "+line)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
