package imagefolder

import (
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
	prints[50] = prints[12]                  // looks the same, in other colors
	for i := range prints[50].Colors {
		prints[50].Colors[i] = 200
	}
	items[60].SHA256 = items[13].SHA256 // the same bytes
	var got [][]int
	found := findClusters(items, prints, DefaultNearBits)
	for _, c := range found.list {
		if len(c.items) > 1 {
			got = append(got, c.items)
		}
	}
	// 40 is near 20, and not near its leader: it is no copy of 10.
	if diff := cmp.Diff([][]int{{10, 20}, {13, 60}}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(findClusters(items, prints, -1).list); n != len(items)-1 {
		t.Errorf("with equal bytes only, %d groups of %d items", n, len(items))
	}
}

// TestIndexFindsWhatAComparisonWithEachFinds plants near-duplicates of several kinds among images of several kinds.
func TestIndexFindsWhatAComparisonWithEachFinds(t *testing.T) {
	for _, kind := range []string{"any", "sparse", "one series"} {
		for _, nearBits := range []int{0, 3, DefaultNearBits, 40} {
			prints := syntheticPrints(kind, 600, 3)
			x := newNearIndex(prints, len(prints), nearBits)
			for i := range prints {
				var want []int
				for _, leader := range x.leaders {
					if prints[i].near(prints[leader], nearBits) {
						want = append(want, leader)
					}
				}
				got := x.near(i)
				slices.Sort(got)
				if !slices.Equal(want, got) {
					t.Fatalf("%s, %d bits: item %d is near %v, and the index says %v", kind, nearBits, i, want, got)
				}
				x.add(i)
			}
		}
	}
}

// TestCrowdedBucketsFindCopies: where buckets are divided by colors, every near-duplicate with the colors of a copy is still found.
func TestCrowdedBucketsFindCopies(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	prints := syntheticPrints("sparse", 12_000, 7)
	x := newNearIndex(prints, len(prints), DefaultNearBits)
	for i := range prints {
		x.add(i)
	}
	divided := 0
	for _, b := range x.bands {
		for _, n := range b.count {
			if n > crowded {
				divided++
			}
		}
	}
	if divided < len(x.bands) {
		t.Fatalf("%d buckets are divided: this tests nothing", divided)
	}
	for range 2000 {
		i := random.IntN(len(prints))
		copied := prints[i]
		for range random.IntN(DefaultNearBits + 1) {
			bit := random.IntN(256)
			copied.Bits[bit/64] ^= 1 << (bit % 64)
		}
		for c := range copied.Colors {
			copied.Colors[c] = uint8(min(max(int(copied.Colors[c])+random.IntN(2*colorMargin+1)-colorMargin, 0), 255))
		}
		clear(x.seen) // every copy has the same number
		x.prints = append(prints[:len(prints):len(prints)], copied)
		if !slices.Contains(x.near(len(prints)), i) {
			t.Fatalf("a copy of %d that differs in %d bits is not found", i, copied.Distance(prints[i]))
		}
	}
}

// TestComparisonsDoNotGrowWithTheImages: an image of many is compared with about as many as one of few.
func TestComparisonsDoNotGrowWithTheImages(t *testing.T) {
	for _, kind := range []string{"any", "sparse", "one series"} {
		each := map[int]int{}
		for _, n := range []int{4_000, 32_000} {
			prints := syntheticPrints(kind, n, 1)
			x := newNearIndex(prints, n, DefaultNearBits)
			for i := range prints {
				if len(x.near(i)) == 0 {
					x.add(i)
				}
			}
			each[n] = x.compared / n
		}
		if few, many := each[4_000], each[32_000]; many > max(2*few, 40) {
			t.Errorf("%s: %d comparisons an image of 4,000, %d of 32,000", kind, few, many)
		}
	}
}

// syntheticPrints are fingerprints of which every fifth is a near-duplicate of another.
func syntheticPrints(kind string, n int, seed uint64) []Fingerprint {
	random := rand.New(rand.NewPCG(seed, 9))
	prints := make([]Fingerprint, n)
	for i := range prints {
		f := &prints[i]
		if i%5 == 4 {
			*f = prints[random.IntN(i)]
			for range random.IntN(20) {
				bit := random.IntN(256)
				f.Bits[bit/64] ^= 1 << (bit % 64)
			}
			for c := range f.Colors {
				f.Colors[c] ^= uint8(random.IntN(16))
			}
			continue
		}
		base, spread := random.IntN(200), 56 // of the colors
		for k := range f.Bits {
			f.Bits[k] = random.Uint64()
			if kind == "sparse" { // a drawing on white paper
				f.Bits[k] &= random.Uint64() & random.Uint64()
				base = 180
			}
		}
		if kind == "one series" {
			base, spread = 100, 40
		}
		for c := range f.Colors {
			f.Colors[c] = uint8(base + random.IntN(spread))
		}
	}
	return prints
}

// BenchmarkClusters shows how the time grows: about with the number of images, also for drawings on white paper, whose bits agree mostly.
func BenchmarkClusters(b *testing.B) {
	for _, kind := range []string{"any", "sparse", "one series"} {
		for _, n := range []int{5_000, 20_000, 80_000} {
			prints := syntheticPrints(kind, n, 1)
			items := make([]Item, n)
			for i := range items {
				items[i].SHA256 = fmt.Sprint(i)
			}
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				for b.Loop() {
					findClusters(items, prints, DefaultNearBits)
				}
			})
		}
	}
}

// fingerprint describes an encoded image.
func fingerprint(t *testing.T, data []byte) Fingerprint {
	t.Helper()
	decoded, err := imageio.DecodeFor(data, seen(DefaultOptions()), imageio.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return fingerprintOf(decoded)
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
		print := fingerprint(t, data)
		prints = append(prints, print)
		if i%5 != 0 {
			continue
		}
		copied := fingerprint(t, []byte(jpegOf(t, half(t, data), 50)))
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
