package neardup

import (
	"cmp"
	"math/bits"
	"slices"
)

// A index finds all leaders that are near to an item without a comparison with each.
//
// The 256 bits are divided into bands. Where two fingerprints differ in at most k bits, and each band has a radius such that the radii
// plus one sum to k+1, at least one band differs in no more bits than its radius. So each item is looked up in each band's table,
// with all ways to flip as many of the band's bits as its radius. The radii are chosen for each item: a band that it has in common
// with many leaders is left out (radius -1), and one that it has in common with few gets a larger radius instead.
//
// This does not tell apart images that have most bits in common, such as drawings of one template. Where too many leaders are left, and for
// images without edges, a boxTree compares the colors first.
type index struct {
	prints   []Fingerprint
	nearBits int // negative: only equal bytes count
	leaders  []leader
	place    []int32 // by item: 1 + its place in leaders, 0 for one that is not a leader
	bands    []band
	bandOf   [256]uint8
	flip     [256]uint64 // by bit: what it changes in the key of its band
	compared int         // comparisons so far

	plain    *boxTree // of the plain items
	edged    *boxTree // of the others; nil until it is needed
	items    []int    // that may become leaders
	most     int      // comparisons, by estimate, above which the tree of colors is tried
	excess   int      // comparisons above most so far: the tree is made when it would have saved as much as it takes
	treeCost int      // what it has cost lately
}

// A leader has what is needed of it close together in memory.
type leader struct {
	bits [4]uint64
	item int32
	seen int32 // 1 + the last item that was compared with it
}

// A band is a hash table of leaders, whose places are linked.
type band struct {
	flips   []uint64 // of its bits
	present []uint64 // a filter: most lookups of keys that no leader has end here
	buckets []bucket
	next    []link // by place
}

type bucket struct {
	first link
	count int32
}

// A link is 0 where there is no leader, else twice 1 + a place, plus 1 if another follows: for most, next need not be read.
type link uint32

const (
	mostBits      = 63 // beyond it, bands have too few bits to tell images apart
	maxRadius     = 2
	manyLeaders   = 1000 // of these a comparison with each is slower than the tree, where that is of use
	flipFactor    = 20   // how many more leaders differ in one bit of a band than in none, roughly; only the cost depends on it
	lookupsPerHit = 4    // lookups that take the time of a comparison, roughly
)

// newIndex makes an index of the items that may become leaders.
func newIndex(prints []Fingerprint, items []int, nearBits int) *index {
	x := &index{prints: prints, items: items, nearBits: min(nearBits, mostBits), most: manyLeaders, place: make([]int32, len(prints))}
	if nearBits < 0 {
		return x
	}
	var plain []int
	for _, i := range items {
		if prints[i].plain() {
			plain = append(plain, i)
		}
	}
	x.plain = newBoxTree(prints, plain)
	x.bands = make([]band, x.nearBits/2+1)
	size := bits.Len(uint(len(items) - len(plain)))
	for n := range x.bands {
		x.bands[n] = band{present: make([]uint64, 1<<max(size-2, 0)), buckets: make([]bucket, 1<<size)}
	}
	state := uint64(1)
	for bit := range x.flip {
		// Neighbors are often equal: the bits of a band are far from each other in the image of 16 x 16.
		n := (bit%16 + bit/16*max(len(x.bands)/3, 1)) % len(x.bands)
		x.bandOf[bit], x.flip[bit] = uint8(n), splitMix(&state)
		x.bands[n].flips = append(x.bands[n].flips, x.flip[bit])
	}
	return x
}

// splitMix is the generator SplitMix64 (Steele, Lea and Flood, 2014).
func splitMix(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// keys are those of an item in each band: the exclusive or of the numbers of its bits.
func (x *index) keys(i int) (keys [mostBits + 1]uint64) {
	for w, word := range x.prints[i].Bits {
		for ; word != 0; word &= word - 1 {
			bit := 64*w + bits.TrailingZeros64(word)
			keys[x.bandOf[bit]] ^= x.flip[bit]
		}
	}
	return keys
}

func (x *index) add(i int) {
	place := int32(len(x.leaders))
	x.leaders = append(x.leaders, leader{x.prints[i].Bits, int32(i), 0})
	x.place[i] = place + 1
	if x.nearBits < 0 {
		return
	}
	keys := x.keys(i)
	isPlain := x.prints[i].plain()
	for n := range x.bands {
		b := &x.bands[n]
		b.next = append(b.next, 0)
		if isPlain {
			continue
		}
		word, mask := b.filter(keys[n])
		*word |= mask
		bucket := b.bucket(keys[n])
		b.next[place] = bucket.first
		bucket.first = link(place+1) << 1
		if bucket.count++; bucket.count > 1 {
			bucket.first |= 1
		}
	}
	switch {
	case isPlain:
		x.plain.add(i)
	case x.edged != nil:
		x.edged.add(i)
	}
}

func (b *band) bucket(key uint64) *bucket { return &b.buckets[key>>40&uint64(len(b.buckets)-1)] }

// list is the first leader of a key, perhaps with some of other keys.
func (b *band) list(key uint64) link {
	if word, mask := b.filter(key); *word&mask != mask {
		return 0
	}
	return b.bucket(key).first
}

// filter is where the three bits of a key are in a Bloom filter whose keys have one word each.
func (b *band) filter(key uint64) (word *uint64, mask uint64) {
	return &b.present[key>>18&uint64(len(b.present)-1)], 1<<(key&63) | 1<<(key>>6&63) | 1<<(key>>12&63)
}

// A hit is a leader that is near.
type hit struct {
	place    int32
	distance int
}

// near returns the leaders that are near to an item, the nearest first, and of equally near ones the one that was added first.
func (x *index) near(i int) []int {
	if x.nearBits < 0 {
		return nil
	}
	edges := x.prints[i].edges()
	var hits []hit
	if edges <= DefaultBits+x.nearBits {
		hits = x.searchTree(x.plain, i, hits)
	}
	if edges > DefaultBits-x.nearBits {
		hits = x.nearEdged(i, hits)
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.place, b.place))
	})
	found := make([]int, len(hits))
	for n, h := range hits {
		found[n] = int(x.leaders[h.place].item)
	}
	return found
}

// nearEdged finds those that are not plain.
func (x *index) nearEdged(i int, hits []hit) []hit {
	keys := x.keys(i)
	radii, cost := x.radii(&keys)
	if cost > x.most {
		x.excess += cost - x.most
	}
	if cost > x.most && cost > x.treeCost && x.excess >= x.most*len(x.items)/16 {
		if x.edged == nil {
			x.makeEdged()
		}
		before := x.edged.visited + x.compared
		hits = x.searchTree(x.edged, i, hits)
		x.treeCost = x.edged.visited + x.compared - before
		return hits
	}
	x.treeCost -= x.treeCost / 64 // so that it is tried again
	for n := range x.bands {
		b := &x.bands[n]
		if radii[n] < 0 {
			continue
		}
		hits = x.compare(i, b.list(keys[n]), b, hits)
		if radii[n] < 1 {
			continue
		}
		for at, flip := range b.flips {
			key := keys[n] ^ flip
			if first := b.list(key); first > 0 {
				hits = x.compare(i, first, b, hits)
			}
			if radii[n] < 2 {
				continue
			}
			for _, second := range b.flips[:at] {
				if first := b.list(key ^ second); first > 0 {
					hits = x.compare(i, first, b, hits)
				}
			}
		}
	}
	return hits
}

// radii chooses the radius of each band, so that the comparisons are few. It returns their number, roughly.
func (x *index) radii(keys *[mostBits + 1]uint64) (radii [mostBits + 1]int8, cost int) {
	var next [mostBits + 1]int // what the next larger radius of a band costs
	for n := range x.bands {
		b := &x.bands[n]
		radii[n] = -1
		if b.list(keys[n]) > 0 {
			next[n] = int(b.bucket(keys[n]).count)
		}
	}
	counts := next
	for range x.nearBits + 1 {
		best := 0
		for n := range x.bands {
			if next[n] < next[best] {
				best = n
			}
		}
		cost += next[best]
		radii[best]++
		flips := len(x.bands[best].flips)
		switch radii[best] {
		case 0:
			next[best] = flips/lookupsPerHit + flipFactor*counts[best]
		case 1:
			next[best] = flips*flips/2/lookupsPerHit + flipFactor*flipFactor/2*counts[best]
		case maxRadius:
			next[best] = 1 << 40
		}
	}
	return radii, cost
}

// compare compares an item with the leaders of a list that it was not compared with yet.
func (x *index) compare(i int, at link, b *band, hits []hit) []hit {
	for at > 0 {
		place := int32(at>>1) - 1
		hits = x.compareOne(i, place, hits)
		if at&1 == 0 {
			break
		}
		at = b.next[place]
	}
	return hits
}

func (x *index) compareOne(i int, place int32, hits []hit) []hit {
	l := &x.leaders[place]
	if l.seen == int32(i)+1 {
		return hits
	}
	l.seen = int32(i) + 1
	x.compared++
	mine := &x.prints[i]
	distance := bits.OnesCount64(mine.Bits[0]^l.bits[0]) + bits.OnesCount64(mine.Bits[1]^l.bits[1]) +
		bits.OnesCount64(mine.Bits[2]^l.bits[2]) + bits.OnesCount64(mine.Bits[3]^l.bits[3])
	if distance <= x.nearBits && mine.Near(x.prints[l.item], x.nearBits) {
		hits = append(hits, hit{place, distance})
	}
	return hits
}

// makeEdged makes the tree of the items that are not plain.
func (x *index) makeEdged() {
	var edged []int
	for _, i := range x.items {
		if !x.prints[i].plain() {
			edged = append(edged, i)
		}
	}
	x.edged = newBoxTree(x.prints, edged)
	for _, l := range x.leaders {
		if !x.prints[l.item].plain() {
			x.edged.add(int(l.item))
		}
	}
}

func (x *index) searchTree(t *boxTree, i int, hits []hit) []hit {
	t.search(i, x.nearBits, func(item int32) {
		if at := x.place[item]; at > 0 {
			hits = x.compareOne(i, at-1, hits)
		}
	})
	return hits
}
