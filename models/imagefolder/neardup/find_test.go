package neardup

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/digest"
)

func TestGroups(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	prints := make([]Fingerprint, 200)
	contents := make([]digest.Sum, len(prints))
	for i := range prints {
		for k := range prints[i].Bits {
			prints[i].Bits[k] = random.Uint64()
		}
		contents[i] = contentOf(fmt.Sprint(i))
	}
	near := func(of, bits int) Fingerprint {
		f := prints[of]
		for _, bit := range random.Perm(256)[:bits] {
			f.Bits[bit/64] ^= 1 << (bit % 64)
		}
		return f
	}
	prints[20] = near(10, DefaultBits)   // just near
	prints[30] = near(11, DefaultBits+1) // just not
	prints[40] = near(20, DefaultBits)   // near over 20
	prints[50] = prints[12]              // looks the same, in other colors
	for i := range prints[50].Colors {
		prints[50].Colors[i] = 200
	}
	contents[60] = contents[13] // the same bytes
	var got [][]int
	found := Find(contents, prints, DefaultBits)
	for _, c := range found.List {
		if len(c.Items) > 1 {
			got = append(got, c.Items)
		}
	}
	// 40 is near 20, and not near its leader: it is no copy of 10.
	if diff := cmp.Diff([][]int{{10, 20}, {13, 60}}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(Find(contents, prints, -1).List); n != 1 {
		t.Errorf("with equal bytes only, %d groups for one pair", n)
	}
}

// kinds are of images that an index has to tell apart by different means.
var kinds = []string{"any", "sparse", "one series", "flat", "noisy flat", "few edges", "templates", "noisy templates", "inverse"}

// TestSearchFindsWhatAComparisonOfAllPairsFinds plants near-duplicates of several kinds among images of several kinds.
func TestSearchFindsWhatAComparisonOfAllPairsFinds(t *testing.T) {
	for _, kind := range kinds {
		for _, nearBits := range []int{-1, 0, 1, 3, DefaultBits, 40, 100} {
			for _, only := range []way{cheapest, byBands, byTree, byScan} {
				prints := syntheticPrints(kind, 500, 3)
				items := make([]int, len(prints))
				for i := range items {
					items[i] = i
				}
				x := newIndex(prints, items, nearBits)
				x.only = only
				near := 0
				for i := range prints {
					want := nearOfAll(x, i)
					near += len(want)
					if got := x.near(i); !slices.Equal(want, got) {
						t.Fatalf("%s, %d bits, way %d: item %d is near %v, and the index says %v", kind, nearBits, only, i, want, got)
					}
					if i%2 == 0 || len(want) == 0 {
						x.add(i)
					}
				}
				if nearBits >= DefaultBits && near == 0 {
					t.Errorf("%s, %d bits: nothing is near, so that this tests nothing", kind, nearBits)
				}
			}
		}
	}
}

// TestJoinFindsWhatAComparisonOfAllPairsFinds: or it says that it is too much work, which it does only where images have much in common.
func TestJoinFindsWhatAComparisonOfAllPairsFinds(t *testing.T) {
	joined := 0
	for _, kind := range kinds {
		for _, nearBits := range []int{0, 1, 3, DefaultBits, 40, mostBits} {
			prints := syntheticPrints(kind, 500, 3)
			items := rand.New(rand.NewPCG(4, 4)).Perm(len(prints))
			var want []nearPair
			for n, i := range items {
				for m, j := range items[:n] {
					if prints[i].Near(prints[j], nearBits) {
						want = append(want, nearPair{int32(n), int32(m), int32(prints[i].Distance(prints[j]))})
					}
				}
			}
			slices.SortFunc(want, nearPair.compare)
			got, ok := join(prints, items, nearBits)
			if more, fine := joinBy(threeQuarters(nearBits), prints, items, nearBits); ok && fine && !slices.Equal(slices.Compact(more), want) {
				t.Errorf("%s, %d bits: by three quarters of each band %d pairs, want %d", kind, nearBits, len(more), len(want))
			}
			switch {
			case ok:
				joined++
				if got = slices.Compact(got); !slices.Equal(want, got) {
					t.Errorf("%s, %d bits: %d pairs, want %d", kind, nearBits, len(got), len(want))
				}
			case nearBits <= DefaultBits && (kind == "any" || kind == "one series" || kind == "sparse"):
				t.Errorf("%s, %d bits: too much work", kind, nearBits)
			}
		}
	}
	if joined < 20 {
		t.Errorf("%d joins: this tests too little", joined)
	}
}

// TestFindIsTheComparisonOfAllPairs compares whole results, with copies among the images.
func TestFindIsTheComparisonOfAllPairs(t *testing.T) {
	for _, kind := range kinds {
		prints := syntheticPrints(kind, 400, 11)
		contents := make([]digest.Sum, len(prints))
		for i := range contents {
			contents[i] = contentOf(fmt.Sprintf("%x", uint32(i)*2654435761))
			if i%7 == 6 {
				contents[i], prints[i] = contents[i/2], prints[i/2]
			}
		}
		at := contentsAt(contents)
		leader := map[int]int{} // by item
		var across [][2]int
		byContent := slices.Sorted(maps.Keys(at))
		for n, content := range byContent {
			copies := at[content]
			i := copies[0]
			var near []int // leaders, in the order in which they became ones
			for _, before := range byContent[:n] {
				if j := at[before][0]; leader[j] == j && prints[i].Near(prints[j], DefaultBits) {
					near = append(near, j)
				}
			}
			slices.SortStableFunc(near, func(a, b int) int { return prints[i].Distance(prints[a]) - prints[i].Distance(prints[b]) })
			for n, j := range near {
				if n > 0 {
					across = append(across, [2]int{i, j})
				}
			}
			for _, j := range copies {
				leader[j] = append(near, i)[0]
			}
		}
		got := Find(contents, prints, DefaultBits)
		for _, c := range got.List {
			for _, i := range c.Items {
				if leader[i] != c.Leader {
					t.Errorf("%s: %d is in the cluster of %d, want %d", kind, i, c.Leader, leader[i])
				}
				delete(leader, i)
			}
		}
		for i, itself := range leader {
			if i == itself {
				delete(leader, i) // alone
			}
		}
		if diff := cmp.Diff(across, got.Across); diff != "" || len(leader) > 0 {
			t.Errorf("%s: without a cluster %v, pairs %s", kind, leader, diff)
		}
	}
}

// contentOf stands for the hash of a content, in the order of the texts.
func contentOf(text string) (sum digest.Sum) {
	copy(sum[:], text)
	return sum
}

func contentsAt(contents []digest.Sum) map[string][]int {
	at := map[string][]int{}
	for i, content := range contents {
		at[string(content[:])] = append(at[string(content[:])], i)
	}
	return at
}

// nearOfAll are the near leaders as the index orders them, by a comparison with each.
func nearOfAll(x *index, i int) []int {
	var found []int
	for _, l := range x.leaders {
		if x.nearBits >= 0 && x.prints[i].Near(x.prints[l.item], x.nearBits) {
			found = append(found, int(l.item))
		}
	}
	slices.SortStableFunc(found, func(a, b int) int {
		return x.prints[i].Distance(x.prints[a]) - x.prints[i].Distance(x.prints[b])
	})
	return found
}

// TestWorkOfASearch: an index takes little for images that bits tell apart, less than a comparison with a half of all leaders for most others,
// and about a scan of the leaders for drawings that neither bits nor colors tell apart before they are compared.
func TestWorkOfASearch(t *testing.T) {
	const images = 8_000
	for _, kind := range kinds {
		most := 6_000.0 // nanoseconds
		switch kind {
		case "any", "one series":
			most = 200
		case "few edges":
			most = 1.5 * images
		}
		prints := syntheticPrints(kind, images, 1)
		items := make([]int, images)
		for i := range items {
			items[i] = i
		}
		x := newIndex(prints, items, DefaultBits)
		for i := range prints {
			if len(x.near(i)) == 0 {
				x.add(i)
			}
		}
		if each := x.done.nanoseconds() / images; each > most {
			t.Errorf("%s: about %.0f ns an image, %+v", kind, each, x.done)
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
			differ := []int{1, 2, 16}[random.IntN(3)]
			for c := range f.Colors {
				f.Colors[c] ^= uint8(random.IntN(differ))
			}
			continue
		}
		*f = syntheticPrint(kind, random)
	}
	return prints
}

func syntheticPrint(kind string, random *rand.Rand) (f Fingerprint) {
	base, spread := random.IntN(200), 56 // of the colors
	for k := range f.Bits {
		f.Bits[k] = random.Uint64()
		if kind == "sparse" || kind == "few edges" { // a drawing on white paper
			f.Bits[k] &= random.Uint64() & random.Uint64()
			base = 180
		}
		if kind == "few edges" { // about as many as make an image plain
			f.Bits[k] &= random.Uint64()
		}
	}
	var tint [3]int
	for c := range tint {
		tint[c] = random.IntN(256)
	}
	noise := 0
	switch kind {
	case "one series":
		base, spread = 100, 40
	case "noisy flat":
		noise = random.IntN(DefaultBits + 4)
		fallthrough
	case "flat":
		f.Bits = [4]uint64{}
	case "noisy templates":
		noise = random.IntN(5)
		fallthrough
	case "templates": // one drawing, filled with different colors
		template := uint64(random.IntN(3))
		f.Bits = [4]uint64{0xff00ff << template, template * 0x1111, 0x0ff0 << template, 0xf0f0f0f0}
	case "inverse":
		f.Bits = [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0) << random.IntN(20)}
	}
	for range noise {
		bit := random.IntN(256)
		f.Bits[bit/64] ^= 1 << (bit % 64)
	}
	for c := range f.Colors {
		f.Colors[c] = uint8(base + random.IntN(spread))
		if strings.Contains(kind, "flat") || strings.Contains(kind, "templates") || kind == "inverse" {
			f.Colors[c] = uint8(min(tint[c%3]+random.IntN(2), 255))
		}
	}
	return f
}

// BenchmarkClusters shows how the time grows: about with the number of images where bits or colors tell them apart, and faster among drawings
// whose bits agree by chance.
func BenchmarkClusters(b *testing.B) {
	for _, kind := range kinds {
		for _, n := range []int{5_000, 20_000} {
			prints := syntheticPrints(kind, n, 1)
			contents := make([]digest.Sum, n)
			for i := range contents {
				contents[i] = contentOf(fmt.Sprint(i))
			}
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				for b.Loop() {
					Find(contents, prints, DefaultBits)
				}
			})
		}
	}
}
