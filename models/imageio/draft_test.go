package imageio

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A draft is what Pillow's draft mode makes of an image; testdata/draft.py wrote it.
type draft struct {
	Width, Height int // before the orientation is applied
	SHA256        string
	Side          int    // of Resized; 0: none
	Resized       string // SHA-256
}

var reductions = map[string]int{"half": 2, "quarter": 4, "eighth": 8}

func sumOf(pix []uint8) string {
	sum := sha256.Sum256(pix)
	return hex.EncodeToString(sum[:])
}

// TestReducesAsPillowsDraft holds the reduced transforms, the planes of each sampling, the orientation and the resize of an image
// whose last pixels are cut to Pillow's, to the last bit.
func TestReducesAsPillowsDraft(t *testing.T) {
	data, err := os.ReadFile("testdata/draft.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]map[string]draft
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for name, byReduction := range cases {
		for word, want := range byReduction {
			t.Run(name+"/"+word, func(t *testing.T) {
				data, err := os.ReadFile(filepath.Join("testdata", "golden", name))
				if err != nil {
					t.Fatal(err)
				}
				d, err := decode(data, Limits{}, reductions[word])
				if err != nil {
					t.Fatal(err)
				}
				if reason := unlikePillow["golden/"+name]; reason != "" {
					t.Log(reason)
					return
				}
				compared++
				if size := d.Bounds().Size(); size.X != want.Width || size.Y != want.Height {
					t.Fatalf("it is %v, and for Pillow %d x %d", size, want.Width, want.Height)
				}
				if got := sumOf(d.upright().Pix); got != want.SHA256 {
					t.Errorf("its pixels are not Pillow's")
				}
				if want.Side == 0 {
					return
				}
				g := Geometry{Size: want.Side, Decode: Scaled}
				header, err := ReadHeader(data, Limits{})
				if err != nil {
					t.Fatal(err)
				}
				if got := g.reduction(header.Upright()); got != reductions[word] {
					t.Fatalf("for %d pixels it is reduced %d times", g.Size, got)
				}
				resized := make([]uint8, g.Bytes())
				if err := At(resized, data, g, Limits{}); err != nil {
					t.Fatal(err)
				}
				if sumOf(resized) != want.Resized {
					t.Errorf("resized to %d, it is not what Pillow makes of it", g.Size)
				}
			})
		}
	}
	if compared < 40 {
		t.Errorf("%d results were compared", compared)
	}
}

// TestScaledTurnsWithTheImage: a turned file gives the turned pixels, also where the last row or column is cut.
func TestScaledTurnsWithTheImage(t *testing.T) {
	read := func(name string) []uint8 {
		data, err := os.ReadFile(filepath.Join("testdata", "golden", name))
		if err != nil {
			t.Fatal(err)
		}
		g := Geometry{Size: 7, Decode: Scaled}
		pix := make([]uint8, g.Bytes())
		if err := At(pix, data, g, Limits{}); err != nil {
			t.Fatal(err)
		}
		return pix
	}
	straight := RGB{Width: 7, Height: 7, Pix: read("orientation1.jpg")}
	for orientation := 2; orientation <= 8; orientation++ {
		got := read("orientation" + string(rune('0'+orientation)) + ".jpg")
		want := upright(straight, orientation).Pix
		worst := 0
		for i := range want {
			worst = max(worst, int(got[i])-int(want[i]), int(want[i])-int(got[i]))
		}
		if worst > 1 { // rows are rounded before columns
			t.Errorf("orientation %d: off by up to %d: %s", orientation, worst, cmp.Diff(want, got))
		}
	}
}

// TestScaledIsExactForSmallImages: an image of less than twice the size is not reduced, and its bits are those of Exact.
func TestScaledIsExactForSmallImages(t *testing.T) {
	data, err := os.ReadFile("testdata/golden/420.jpg") // 83 x 61
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []Geometry{{Size: 16}, {Size: 24}, {Size: 14, Method: Crop}, {Size: 2, Method: Nearest}} {
		exact, scaled := make([]uint8, g.Bytes()), make([]uint8, g.Bytes())
		if err := At(exact, data, g, Limits{}); err != nil {
			t.Fatal(err)
		}
		g.Decode = Scaled
		if err := At(scaled, data, g, Limits{}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(exact, scaled); diff != "" {
			t.Errorf("%+v: %s", g, diff)
		}
	}
}
