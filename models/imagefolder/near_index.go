package imagefolder

import (
	"cmp"
	"math/bits"
	"slices"
)

// A nearIndex finds the leaders that are near to an item without a comparison with each.
//
// Two fingerprints that differ in at most k bits agree in at least one of k+1 bands of bits. Each band has a table of buckets,
// and only leaders that share a bucket with an item are compared with it.
type nearIndex struct {
	prints    []Fingerprint
	nearBits  int         // negative: only equal bytes count
	tableBits int         // log2 of the buckets of a table
	leaders   []int       // items, in the order in which they were added; the buckets hold places in it
	bits      [][4]uint64 // of the leaders, close together in memory
	tables    [][][]int32 // [band][bucket]
	seen      []int32     // by place: 1 + the last item for which it was compared
}

// maxBands bounds the number of bands: beyond it they have too few bits to tell images apart.
const maxBands = 64

// newNearIndex makes an index for about n leaders.
func newNearIndex(prints []Fingerprint, n, nearBits int) *nearIndex {
	x := &nearIndex{prints: prints, nearBits: min(nearBits, maxBands-1)}
	x.tableBits = min(bits.Len(uint(n)), 16)
	for range x.nearBits + 1 {
		x.tables = append(x.tables, make([][]int32, 1<<x.tableBits))
	}
	return x
}

func (x *nearIndex) add(i int) {
	place := int32(len(x.leaders))
	x.leaders, x.bits, x.seen = append(x.leaders, i), append(x.bits, x.prints[i].Bits), append(x.seen, 0)
	for band := range x.tables {
		bucket := &x.tables[band][x.bucket(i, band)]
		*bucket = append(*bucket, place)
	}
}

// near returns the leaders that are near to an item, the nearest first, and of equally near ones the one that was added first.
func (x *nearIndex) near(i int) []int {
	type hit struct {
		place    int32
		distance int
	}
	var hits []hit
	mine, mark := x.prints[i].Bits, int32(i)+1
	for band := range x.tables {
		for _, place := range x.tables[band][x.bucket(i, band)] {
			other := &x.bits[place]
			distance := bits.OnesCount64(mine[0]^other[0]) + bits.OnesCount64(mine[1]^other[1]) +
				bits.OnesCount64(mine[2]^other[2]) + bits.OnesCount64(mine[3]^other[3])
			if distance > x.nearBits || x.seen[place] == mark {
				continue
			}
			x.seen[place] = mark
			if x.prints[i].near(x.prints[x.leaders[place]], x.nearBits) {
				hits = append(hits, hit{place, distance})
			}
		}
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

// bucket is the place of an item in a band's table. A band has every bit whose number leaves the band as its remainder, so
// that it covers the whole image and a plain background does not make all bands equal.
func (x *nearIndex) bucket(i, band int) uint32 {
	key := uint64(0)
	for k := band; k < 256; k += len(x.tables) {
		key = bits.RotateLeft64(key, 1) ^ x.prints[i].Bits[k/64]>>(k%64)&1
	}
	return uint32(key * 0x9e3779b97f4a7c15 >> (64 - x.tableBits)) // multiplicative hashing; a collision costs a comparison
}
