package imageio

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/imageio/baseline"
)

// A golden is what Pillow makes of an image; testdata/golden.py wrote it.
type golden struct {
	Width, Height int
	SHA256, Spots string
	Geometries    map[string]golden `json:"-"`
}

func (g *golden) UnmarshalJSON(data []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	g.Geometries = map[string]golden{}
	for key, value := range all {
		var err error
		switch key {
		case "width":
			err = json.Unmarshal(value, &g.Width)
		case "height":
			err = json.Unmarshal(value, &g.Height)
		case "sha256":
			err = json.Unmarshal(value, &g.SHA256)
		case "spots":
			err = json.Unmarshal(value, &g.Spots)
		default:
			var inner golden
			err = json.Unmarshal(value, &inner)
			g.Geometries[key] = inner
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func goldens(t *testing.T) map[string]golden {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]golden
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// sharedData is the folder of test data beside the checkout.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	shared := os.Getenv("HEADSTART_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "data", name)
	if _, err := os.Stat(dir); err != nil {
		need.Lack(t, need.Data, err.Error())
	}
	return dir
}

// compare returns how far the spots differ from Pillow's, in gray levels, and whether every pixel is the same.
func (g golden) compare(t *testing.T, p RGB) (worst int, mean float64, same bool) {
	t.Helper()
	if p.Width != g.Width || p.Height != g.Height {
		t.Fatalf("it is %d x %d, and for Pillow %d x %d", p.Width, p.Height, g.Width, g.Height)
	}
	sum := sha256.Sum256(p.Pix)
	same = hex.EncodeToString(sum[:]) == g.SHA256
	spots, err := hex.DecodeString(g.Spots)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 8 {
		for x := range 8 {
			for c := range 3 {
				ours := int(p.Pix[3*(y*p.Height/8*p.Width+x*p.Width/8)+c])
				d := ours - int(spots[3*(8*y+x)+c])
				worst = max(worst, d, -d)
				mean += float64(max(d, -d)) / float64(len(spots))
			}
		}
	}
	return worst, mean, same
}

// unlikePillow are the images of the corpus that come out differently, with the reason.
var unlikePillow = map[string]string{
	"corpus/go-stdlib/image/video-001.rgb.jpeg":       "RGB with subsampled planes: Go repeats samples, libjpeg interpolates",
	"corpus/pillow/exif_imagemagick_orientation.png":  "EXIF as hexadecimal text in a PNG comment is not read",
	"corpus/pillow/xmp_tags_orientation.png":          "an orientation in XMP instead of EXIF is not read",
	"corpus/pillow/xmp_tags_orientation_exiftool.png": "an orientation in XMP instead of EXIF is not read",
	"golden/sampling-112222.jpg":                      "luma of half the resolution of chroma: it is repeated, and libjpeg interpolates",
	"corpus/pillow/i_trns.png":                        "16-bit gray with one transparent value: Pillow clips it",
}

// check compares with Pillow: to the last bit, except where a discrete cosine transform rounds in its own way.
func (g golden) check(t *testing.T, p RGB, lossy bool) {
	t.Helper()
	worst, mean, same := g.compare(t, p)
	switch {
	case same:
	case !lossy:
		t.Errorf("it is not what Pillow makes of it: off by up to %d, %.3f on average", worst, mean)
	case worst > 3 || mean > 0.3:
		t.Errorf("it is off from Pillow by up to %d, %.3f on average; 3 and 0.3 are allowed", worst, mean)
	}
}

// checkUnlike holds an entry of unlikePillow to still being one.
func (g golden) checkUnlike(t *testing.T, p RGB, reason string) {
	t.Helper()
	if p.Width != g.Width || p.Height != g.Height {
		return
	}
	if _, _, same := g.compare(t, p); same {
		t.Errorf("it is what Pillow makes of it: remove it from unlikePillow (%s)", reason)
	}
}

func TestDecodesAsPillow(t *testing.T) {
	for name, g := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name)
			if rest, ok := strings.CutPrefix(name, "corpus/"); ok {
				file = filepath.Join(sharedData(t, "hostile-images"), rest)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Decode(data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if reason := unlikePillow[name]; reason != "" {
				g.checkUnlike(t, p, reason)
				return
			}
			header, err := ReadHeader(data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			_, unusual := baseline.Decode(data)
			lossy := header.Format == "jpeg" && unusual != nil || header.Format == "webp" || strings.HasPrefix(name, "golden/jpeg")
			g.check(t, p, lossy)
			for geometry, want := range g.Geometries {
				method, _, _ := strings.Cut(geometry, "-")
				g := Geometry{Size: want.Width, Method: Method(method)}
				resized := RGB{Width: g.Size, Height: g.Size, Pix: make([]uint8, g.Bytes())}
				if err := At(resized.Pix, data, g, Limits{}); err != nil {
					t.Fatal(err)
				}
				want.check(t, resized, lossy)
			}
		})
	}
}
