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

// TestRunsAgree holds the loop of this processor to the plain one: on noise, which has codes of all lengths, up to the end of the data.
func TestRunsAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	d := &decoder{reduction: 1, table: tableOf, data: goldens(t)["420.jpg"]}
	if _, err := d.headers(2); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		data := make([]byte, random.IntN(60)+padding)
		for i := range len(data) - padding {
			data[i] = uint8(random.Uint32())
		}
		one, other := newBits(data), newBits(data)
		for range 20 {
			p := &d.planes[random.IntN(3)]
			from := uint(random.IntN(63))
			var got, want [64]int32
			entry, k := one.run(&got, p.ac, p.quant, from)
			wantEntry, wantK := other.plainRun(&want, p.ac, p.quant, from)
			if entry != wantEntry || k != wantK || got != want || one.next != other.next || one.ready != other.ready || one.at != other.at {
				t.Fatalf("from %d on: entry %x at %d, want %x at %d; %v, want %v", from, entry, k, wantEntry, wantK, got, want)
			}
			one.fill()
			other.fill()
			one.drop(3)
			other.drop(3)
		}
	}
}
