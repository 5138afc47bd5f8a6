package baseline

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUsualTablesAreShared takes image/jpeg's word for what the standard's tables are.
func TestUsualTablesAreShared(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewRGBA(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	d, _, err := open(file.Bytes(), 1, tableOf)
	if err != nil {
		t.Fatal(err)
	}
	shared := standardTables()
	if got, want := d.tables, [2][4]*table{{shared[0], shared[1]}, {shared[2], shared[3]}}; got != want {
		t.Errorf("the tables are %p, want %p", got, want)
	}
	for i, s := range standard {
		built, ok := newTable([]uint8(s.counts), []uint8(s.values))
		if !ok || !cmp.Equal(shared[i], built, cmp.AllowUnexported(table{})) {
			t.Errorf("the shared table %d is not what the file defines", i)
		}
		values := []uint8(s.values)
		values[0], values[1] = values[1], values[0]
		other, ok := tableOf([]uint8(s.counts), values)
		if !ok || other == shared[i] || cmp.Equal(other, built, cmp.AllowUnexported(table{})) {
			t.Errorf("a file's own table is taken for table %d of the standard", i)
		}
	}
}

// TestBlocksAgree holds what this processor does faster to the plain loop: on noise, which has codes of all lengths, damage, and the end of the
// data anywhere.
func TestBlocksAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	shared := standardTables()
	planes := []plane{{dc: shared[0], ac: shared[2]}, {dc: shared[1], ac: shared[3]}}
	for range 20 {
		planes = append(planes, plane{dc: shuffledTable(t, random, 13), ac: shuffledTable(t, random, 256)})
	}
	taken, whole, blocks := 0, 0, 0
	for range 100_000 {
		data := make([]byte, random.IntN(200)+padding)
		for i := range len(data) - padding {
			data[i] = uint8(random.Uint32())
		}
		one, other := newBits(data), newBits(data)
		for ok := true; ok && one.at < len(data); blocks++ {
			p := planes[random.IntN(len(planes))]
			p.quant = &[64]int32{}
			for i := range p.quant {
				p.quant[i] = 1 + random.Int32N(65535)
			}
			q := p
			got, want := [64]int32{1, 2, 3}, [64]int32{4, 5, 6}
			wantLast, wantOK := other.plainBlock(&want, &q)
			var last int
			if last, ok = one.fastBlock(&got, &p); ok {
				taken++
			} else {
				last, ok = one.plainBlock(&got, &p)
			}
			if last != wantLast || ok != wantOK || p.last != q.last || got != want || one.next != other.next || one.ready != other.ready || one.at != other.at {
				t.Fatalf("last %d, %v, want %d, %v; %v, want %v", last, ok, wantLast, wantOK, got, want)
			}
			if ok {
				whole++
			}
		}
	}
	t.Logf("%d of %d blocks are whole, and %d are taken", whole, blocks, taken)
	planes[0].quant = &[64]int32{}
	if _, here := newBits(make([]byte, padding)).fastBlock(&[64]int32{}, &planes[0]); here && 10*taken < 9*whole {
		t.Errorf("of %d whole blocks, %d are taken", whole, taken)
	}
}

// shuffledTable has some symbols in any order: one of each length up to 15, and the others of 16 bits.
func shuffledTable(t *testing.T, random *rand.Rand, symbols int) *table {
	t.Helper()
	counts, values := make([]uint8, 16), make([]uint8, 0, 256)
	for _, v := range random.Perm(symbols) {
		values = append(values, uint8(v))
	}
	for i := range min(15, symbols-1) {
		counts[i] = 1
	}
	left := symbols - min(15, symbols-1)
	counts[15] = uint8(min(left, 2)) // all codes are taken
	made, ok := newTable(counts, values)
	if !ok {
		t.Fatal("too many codes")
	}
	return made
}
