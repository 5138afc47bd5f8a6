package imagefolder

import (
	"cmp"
	"math/bits"
	"slices"
)

// A nearIndex finds the leaders that are near to an item without a comparison with each.
//
// Two fingerprints that differ in at most k bits agree in at least one of k+1 bands of bits. Each band has a table of buckets,
// and only leaders that share a bucket with an item are compared with it. The bands of drawings on white paper agree mostly by chance:
// buckets that become crowded are divided by the leaders' colors.
type nearIndex struct {
	prints    []Fingerprint
	tableBits int         // log2 of the buckets of a table
	nearBits  int         // negative: only equal bytes count
	leaders   []int       // items, in the order in which they were added; the buckets hold places in it
	bits      [][4]uint64 // of the leaders, close together in memory
	bands     []band
	seen      []int32 // by place: 1 + the last item that was compared with it
	compared  int     // comparisons so far
}

// A band is a hash table of leaders, whose places are linked: 0 ends a list, and any other number is 1 + a place.
type band struct {
	first  []int32 // by bucket
	count  []uint8 // by bucket, up to crowded + 1: from then on the bucket's leaders are in divided
	colors []int32 // first of the divided buckets, by bucket and colors; empty until there is one
	next   []int32 // by place
}

// maxBands bounds the number of bands: beyond it they have too few bits to tell images apart.
const maxBands = 64

const (
	crowded = 16 // leaders of a bucket that is not divided yet
	// A divided bucket has a part for each combination of colorsTaken of the 48 color values, in steps of colorStep. Leaders of which one
	// of these values differs by more than colorMargin may be missed in this band; copies differ by 1.
	colorsTaken = 8
	colorStep   = 16
	colorMargin = 2
)

// newNearIndex makes an index for about n leaders.
func newNearIndex(prints []Fingerprint, n, nearBits int) *nearIndex {
	x := &nearIndex{prints: prints, nearBits: min(nearBits, maxBands-1)}
	x.tableBits = min(bits.Len(uint(n)), 16)
	x.bands = make([]band, max(x.nearBits+1, 0))
	for b := range x.bands {
		x.bands[b].first = make([]int32, 1<<x.tableBits)
		x.bands[b].count = make([]uint8, 1<<x.tableBits)
	}
	return x
}

func (x *nearIndex) add(i int) {
	place := int32(len(x.leaders))
	x.leaders, x.bits, x.seen = append(x.leaders, i), append(x.bits, x.prints[i].Bits), append(x.seen, 0)
	for n := range x.bands {
		b := &x.bands[n]
		b.next = append(b.next, 0)
		bucket := x.bucket(i, n)
		switch {
		case b.count[bucket] < crowded:
			b.count[bucket]++
			b.link(&b.first[bucket], place)
		case b.count[bucket] == crowded:
			b.count[bucket]++
			x.divide(n, bucket)
			fallthrough
		default:
			b.link(&b.colors[x.part(n, bucket, x.cells(i, n))], place)
		}
	}
}

func (b *band) link(first *int32, place int32) { b.next[place], *first = *first, place+1 }

// divide moves the leaders of a bucket to its parts.
func (x *nearIndex) divide(n int, bucket uint32) {
	b := &x.bands[n]
	if b.colors == nil {
		b.colors = make([]int32, 4*len(b.first))
	}
	for at := b.first[bucket]; at > 0; {
		place := at - 1
		at = b.next[place]
		b.link(&b.colors[x.part(n, bucket, x.cells(x.leaders[place], n))], place)
	}
	b.first[bucket] = 0
}

// near returns the leaders that are near to an item, the nearest first, and of equally near ones the one that was added first.
func (x *nearIndex) near(i int) []int {
	var hits []hit
	for n := range x.bands {
		b := &x.bands[n]
		bucket := x.bucket(i, n)
		if b.count[bucket] <= crowded {
			hits = x.compare(i, b.first[bucket], b, hits)
			continue
		}
		cells := x.cells(i, n)
		hits = x.probe(i, n, bucket, cells, cells, 0, hits)
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.place, b.place))
	})
	found := make([]int, len(hits))
	for n, h := range hits {
		found[n] = x.leaders[h.place]
	}
	return found
}

// A hit is a leader that is near.
type hit struct {
	place    int32
	distance int
}

// compare compares an item with the leaders of a list that it was not compared with yet.
func (x *nearIndex) compare(i int, at int32, b *band, hits []hit) []hit {
	mine, mark := x.prints[i].Bits, int32(i)+1
	for at > 0 {
		place := at - 1
		at = b.next[place]
		if x.seen[place] == mark {
			continue
		}
		x.seen[place] = mark
		x.compared++
		other := &x.bits[place]
		distance := bits.OnesCount64(mine[0]^other[0]) + bits.OnesCount64(mine[1]^other[1]) +
			bits.OnesCount64(mine[2]^other[2]) + bits.OnesCount64(mine[3]^other[3])
		if distance <= x.nearBits && x.prints[i].near(x.prints[x.leaders[place]], x.nearBits) {
			hits = append(hits, hit{place, distance})
		}
	}
	return hits
}

// probe compares an item with the parts of a divided bucket in which colors like its own may be: own are its cells, cells those that are
// chosen so far, up to one of them.
func (x *nearIndex) probe(i, n int, bucket uint32, own, cells [colorsTaken]uint8, from int, hits []hit) []hit {
	for k := from; k < colorsTaken; k++ {
		rest := x.shifted(i, n, k) % colorStep
		step := 0
		switch {
		case rest < colorMargin:
			step = -1
		case rest >= colorStep-colorMargin:
			step = 1
		default:
			continue
		}
		other := cells
		other[k] = uint8(int(own[k]) + step)
		hits = x.probe(i, n, bucket, own, other, k+1, hits)
	}
	b := &x.bands[n]
	return x.compare(i, b.colors[x.part(n, bucket, cells)], b, hits)
}

// shifted is one of the color values that divide a band, each band with steps that begin elsewhere. It is at least 1 step, so that the
// step before it has a number.
func (x *nearIndex) shifted(i, n, k int) int {
	return int(x.prints[i].Colors[(5*n+8*k)%48]) + 7*n%colorStep + colorStep
}

// cells are the steps that an item's colors are in.
func (x *nearIndex) cells(i, n int) (cells [colorsTaken]uint8) {
	for k := range cells {
		cells[k] = uint8(x.shifted(i, n, k) / colorStep)
	}
	return cells
}

// part is where a part of a divided bucket begins.
func (x *nearIndex) part(n int, bucket uint32, cells [colorsTaken]uint8) uint32 {
	key := uint64(bucket) + 1
	for _, c := range cells {
		key = key*31 + uint64(c) // a step has fewer than 31 values, so that keys of one bucket differ as long as they fit
	}
	return uint32(key * 0x9e3779b97f4a7c15 >> (64 - x.tableBits - 2))
}

// bucket is the place of an item in a band's table. A band has every bit whose number leaves the band as its remainder, so
// that it covers the whole image and a plain background does not make all bands equal.
func (x *nearIndex) bucket(i, n int) uint32 {
	key := uint64(0)
	for k := n; k < 256; k += len(x.bands) {
		key = bits.RotateLeft64(key, 1) ^ x.prints[i].Bits[k/64]>>(k%64)&1
	}
	return x.hash(key)
}

// hash is multiplicative; a collision costs a comparison.
func (x *nearIndex) hash(key uint64) uint32 {
	return uint32(key * 0x9e3779b97f4a7c15 >> (64 - x.tableBits))
}
