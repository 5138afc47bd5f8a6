package imagefolder

import (
	"image"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imageio"
)

// fingerprint describes an encoded image.
func fingerprint(t *testing.T, data []byte) neardup.Fingerprint {
	t.Helper()
	decoded, err := imageio.DecodeFor(data, DefaultOptions().plan(imageio.Header{}), imageio.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return neardup.Of(decoded)
}

// TestNearDuplicatesOfRealImages shows that most copies at half the size and low quality are found, and that images of one
// series (hands before a wall) are told apart.
func TestNearDuplicatesOfRealImages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedData(t, "signdigits-10c"), "data", "*", "IMG_[45]*.JPG"))
	if err != nil {
		t.Fatal(err)
	}
	var prints []neardup.Fingerprint
	copies, found := 0, 0
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 1<<20 {
			continue // the camera's originals of others
		}
		print := fingerprint(t, data)
		prints = append(prints, print)
		if i%5 != 0 {
			continue
		}
		copied := fingerprint(t, []byte(jpegOf(t, half(t, data), 50)))
		copies++
		if print.Near(copied, neardup.DefaultBits) {
			found++
		}
	}
	if found < copies*85/100 {
		t.Errorf("%d of %d copies are found, want 85 %%", found, copies)
	}
	for i := range prints {
		for j := range i {
			if prints[i].Near(prints[j], neardup.DefaultBits) {
				t.Errorf("images %d and %d of one series count as the same, %d bits apart", i, j, prints[i].Distance(prints[j]))
			}
		}
	}
}

// half is an image at half its width, squared.
func half(t *testing.T, data []byte) image.Image {
	t.Helper()
	decoded, err := imageio.Decode(data, imageio.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	side := decoded.Width / 2
	small := make([]uint8, side*side*3)
	decoded.Resize(small, Geometry{Size: side})
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	for p := range side * side {
		copy(out.Pix[4*p:4*p+3], small[3*p:3*p+3])
		out.Pix[4*p+3] = 255
	}
	return out
}
