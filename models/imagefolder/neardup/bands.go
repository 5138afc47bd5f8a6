package neardup

import "math/bits"

// Bands find leaders that are near to an item without a look at the others.
//
// The 256 bits are divided into bands, and each band into halves. Of k+1 halves, two fingerprints that differ in at most k bits have one in
// common, so that an item is looked up in a table for each half; and one whose band differs in at most one bit, which is seen in the
// table, before the leader is.
type bands struct {
	list []band
	drop bool // there is a half more than needed: the one that most leaders have is left out
	at   keys
}

// A band has two halves. For each of them, the leaders whose half has the same hash are side by side.
type band struct {
	parts   [2]part
	buckets [2][]bucket
	entries [2][]entry
	shift   int // of a hash, to the number of its bucket
}

type bucket struct{ begin, end int32 }

// An entry is a leader in a bucket.
type entry struct {
	tag   uint32 // of the band: tags differ in no more bits than bands do
	place int32
}

const (
	mostBits  = 63 // beyond it, bands have too few bits to tell images apart
	mostBands = (mostBits + 1) / 2
)

// keys are what an item has in common with others.
type keys struct {
	item   int // 1 + the item; 0 before the first
	tag    [mostBands]uint32
	bucket [mostBands][2]uint32
}

// newBands has room for some items.
func newBands(prints []Fingerprint, items []int, nearBits int) *bands {
	t := &bands{list: make([]band, nearBits/2+1)}
	t.drop = 2*len(t.list) > nearBits+1
	for n, p := range halves(nearBits) {
		t.list[n/2].parts[n%2] = p
	}
	for n := range t.list {
		b := &t.list[n]
		width := min(bits.Len(uint(len(items))), b.parts[1].size)
		b.shift = 64 - width
		for half := range 2 {
			b.buckets[half], b.entries[half] = make([]bucket, 1<<width), make([]entry, len(items))
		}
	}
	for _, i := range items {
		t.find(prints, i)
		for n := range t.list {
			for half, at := range t.at.bucket[n] {
				t.list[n].buckets[half][at].end++
			}
		}
	}
	for n := range t.list {
		for _, buckets := range t.list[n].buckets {
			begin := int32(0)
			for at := range buckets {
				count := buckets[at].end
				buckets[at] = bucket{begin, begin}
				begin += count
			}
		}
	}
	return t
}

// find computes the keys of an item.
func (t *bands) find(prints []Fingerprint, i int) {
	if t.at.item == i+1 {
		return
	}
	t.at.item = i + 1
	f := &prints[i].Bits
	for n := range t.list {
		b := &t.list[n]
		var folded uint64
		for half := range 2 {
			p := &b.parts[half]
			t.at.bucket[n][half] = uint32(p.hash(f) >> b.shift)
			folded ^= f[0]&p.mask[0] ^ bits.RotateLeft64(f[1]&p.mask[1], 5) ^ bits.RotateLeft64(f[2]&p.mask[2], 11) ^ bits.RotateLeft64(f[3]&p.mask[3], 17)
		}
		t.at.tag[n] = uint32(folded ^ folded>>32)
	}
}

// count is how many entries a search goes through, and the half that it leaves out, 2n or 2n+1 of band n; -1 for none.
func (t *bands) count() (entries, without int) {
	most := int32(-1)
	without = -1
	for n := range t.list {
		for half, at := range t.at.bucket[n] {
			b := t.list[n].buckets[half][at]
			size := b.end - b.begin
			entries += int(size)
			if t.drop && size > most {
				most, without = size, 2*n+half
			}
		}
	}
	if without >= 0 {
		entries -= int(most)
	}
	return entries, without
}

// search calls visit with the leaders whose band differs in at most one bit, and some others. A leader may come more than once.
func (t *bands) search(without int, visit func(place int32)) {
	for n := range t.list {
		tag := t.at.tag[n]
		for half, at := range t.at.bucket[n] {
			if 2*n+half == without {
				continue
			}
			b := t.list[n].buckets[half][at]
			for _, e := range t.list[n].entries[half][b.begin:b.end] {
				if bits.OnesCount32(e.tag^tag) <= 1 {
					visit(e.place)
				}
			}
		}
	}
}

// add makes the item whose keys were computed last a leader.
func (t *bands) add(place int32) {
	for n := range t.list {
		for half, at := range t.at.bucket[n] {
			b := &t.list[n].buckets[half][at]
			t.list[n].entries[half][b.end] = entry{t.at.tag[n], place}
			b.end++
		}
	}
}
