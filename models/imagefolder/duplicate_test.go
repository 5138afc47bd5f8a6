package imagefolder

import (
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/imageio"
)

func TestGroups(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	prints := make([]Fingerprint, 200)
	items := make([]Item, len(prints))
	for i := range prints {
		for k := range prints[i].Bits {
			prints[i].Bits[k] = random.Uint64()
		}
		items[i].SHA256 = fmt.Sprint(i)
	}
	near := func(of, bits int) Fingerprint {
		f := prints[of]
		for _, bit := range random.Perm(256)[:bits] {
			f.Bits[bit/64] ^= 1 << (bit % 64)
		}
		return f
	}
	prints[20] = near(10, DefaultNearBits)   // just near
	prints[30] = near(11, DefaultNearBits+1) // just not
	prints[40] = near(20, DefaultNearBits)   // near over 20
	prints[50] = prints[12]                  // looks the same, in other colours
	for i := range prints[50].Colors {
		prints[50].Colors[i] = 200
	}
	items[60].SHA256 = items[13].SHA256 // the same bytes
	var got [][]int
	for _, group := range groups(items, prints, DefaultNearBits) {
		if len(group) > 1 {
			got = append(got, group)
		}
	}
	if diff := cmp.Diff([][]int{{10, 20, 40}, {13, 60}}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(groups(items, prints, -1)); n != len(items)-1 {
		t.Errorf("with equal bytes only, %d groups of %d items", n, len(items))
	}
}

// TestNearDuplicatesOfRealImages shows that most copies at half the size and low quality are found, and that images of one
// series (hands before a wall) are told apart.
func TestNearDuplicatesOfRealImages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedData(t, "signdigits-10c"), "data", "*", "IMG_[45]*.JPG"))
	if err != nil {
		t.Fatal(err)
	}
	var prints []Fingerprint
	copies, found := 0, 0
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 1<<20 {
			continue // the camera's originals of others
		}
		print, err := fingerprint(data, imageio.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		prints = append(prints, print)
		if i%5 != 0 {
			continue
		}
		copied, err := fingerprint([]byte(jpegOf(t, half(t, data), 50)), imageio.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		copies++
		if print.near(copied, DefaultNearBits) {
			found++
		}
	}
	if found < copies*85/100 {
		t.Errorf("%d of %d copies are found, want 85 %%", found, copies)
	}
	for i := range prints {
		for j := range i {
			if prints[i].near(prints[j], DefaultNearBits) {
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
