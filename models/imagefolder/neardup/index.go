package neardup

import (
	"cmp"
	"math/bits"
	"slices"
)

// An index finds all leaders that are near to an item, in the way that takes the least work for it:
//   - bands, where the bits tell images apart;
//   - trees of colors, where images have most bits in common, such as drawings of one template, and for those without edges, of
//     which the colors must be nearly equal;
//   - a scan of all leaders, where neither bits nor colors tell most of them apart before they are compared. That
//     takes a few nanoseconds a leader, and grows with the square of the number of images.
//
// What a way takes is known from what it took lately.
type index struct {
	prints   []Fingerprint
	nearBits int // negative: only equal bytes count
	leaders  []leader
	folded   []uint64 // of each
	place    []int32  // by item: 1 + its place in leaders, 0 for one that is not a leader
	items    []int    // that may become leaders
	only     way      // for tests

	bands *bands   // of the items that are not plain
	plain *boxTree // of the plain ones
	edged *boxTree // of the others; nil until it is needed

	banding  pace    // by entry
	scanning pace    // by leader
	plainly  [2]pace // of a search in plain, of an item that is not plain and of one that is
	edgedly  pace    // of a search in edged
	excess   float64 // work above muchWork so far: edged is made when it would have saved as much as it takes

	done work
}

// A leader has what is needed of it close together in memory.
type leader struct {
	bits [4]uint64
	item int32
	seen int32 // 1 + the last item that was compared with it
}

// A way is how leaders are searched for.
type way int

const (
	cheapest way = iota
	byBands
	byTree // in place of the bands
	byScan // in place of both and of the tree of plain items
)

// work is what searches have gone through.
type work struct{ entries, scanned, compared, colors, boxes int }

// nanoseconds are about what the work takes.
func (w work) nanoseconds() float64 {
	return float64(w.entries) + 1.5*float64(w.scanned) + 8*float64(w.compared) + 32*float64(w.colors) + 64*float64(w.boxes)
}

// A pace is the work that a way took lately, in nanoseconds, for each thing it went through.
type pace float64

func (p *pace) learn(nanoseconds float64, things int) {
	*p += (pace(nanoseconds/float64(things)) - *p) / 4
}

// forget lets a way that took long be tried again.
func (p *pace) forget() { *p -= *p / 64 }

const (
	muchWork = 2_000 // nanoseconds, above which other ways than the bands are considered
	treeWork = 1_000 // nanoseconds of an item to make a tree
)

// newIndex makes an index of the items that may become leaders.
func newIndex(prints []Fingerprint, items []int, nearBits int) *index {
	x := &index{prints: prints, items: items, nearBits: min(nearBits, mostBits), place: make([]int32, len(prints)), banding: 1, scanning: 1.5}
	if nearBits < 0 {
		return x
	}
	var plain, edged []int
	for _, i := range items {
		if prints[i].plain() {
			plain = append(plain, i)
		} else {
			edged = append(edged, i)
		}
	}
	x.plain = newBoxTree(prints, plain)
	x.bands = newBands(prints, edged, x.nearBits)
	return x
}

func (x *index) add(i int) {
	place := int32(len(x.leaders))
	x.leaders = append(x.leaders, leader{x.prints[i].Bits, int32(i), 0})
	x.folded = append(x.folded, x.prints[i].folded())
	x.place[i] = place + 1
	if x.nearBits < 0 {
		return
	}
	if x.prints[i].plain() {
		x.plain.add(i)
		return
	}
	x.bands.find(x.prints, i)
	x.bands.add(place)
	if x.edged != nil {
		x.edged.add(i)
	}
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
	hits := x.search(i, edges <= DefaultBits+x.nearBits, edges > DefaultBits-x.nearBits)
	if len(hits) == 0 {
		return nil
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

// search finds the near leaders among those that are plain, those that are not, or both.
func (x *index) search(i int, plain, edged bool) (hits []hit) {
	entries, without := 0, -1
	if edged {
		x.bands.find(x.prints, i)
		entries, without = x.bands.count()
	}
	plainly := &x.plainly[0]
	if x.prints[i].plain() {
		plainly = &x.plainly[1]
	}
	chosen := x.only
	if chosen == cheapest {
		chosen = x.choose(entries, plain, edged, plainly)
	}
	visit := func(place int32) { hits = x.compare(i, place, hits) }
	if chosen == byScan {
		x.measure(&x.scanning, len(x.leaders), func() { hits = x.scan(i, hits) })
		return hits
	}
	if plain {
		x.measure(plainly, 1, func() { x.searchTree(x.plain, i, visit) })
	}
	switch {
	case edged && chosen == byTree:
		x.makeEdged()
		x.measure(&x.edgedly, 1, func() { x.searchTree(x.edged, i, visit) })
	case edged:
		x.measure(&x.banding, entries, func() {
			x.done.entries += entries
			x.bands.search(without, visit)
		})
	}
	return hits
}

// choose finds the cheapest way.
func (x *index) choose(entries int, plain, edged bool, plainly *pace) way {
	chosen, cost := byBands, 0.0
	if edged {
		cost = float64(x.banding) * float64(entries)
		if cost > muchWork {
			x.excess += cost - muchWork
			switch {
			case x.edged == nil && x.excess < treeWork*float64(len(x.items)):
			case float64(x.edgedly) < cost:
				chosen, cost = byTree, float64(x.edgedly)
				x.banding.forget()
			default:
				x.edgedly.forget()
			}
		}
	}
	if plain {
		cost += float64(*plainly)
	}
	if cost <= muchWork {
		return chosen
	}
	if cost <= float64(x.scanning)*float64(len(x.leaders)) {
		x.scanning.forget()
		return chosen
	}
	x.banding.forget()
	x.edgedly.forget()
	if plain {
		plainly.forget()
	}
	return byScan
}

// measure tells a pace what a search took.
func (x *index) measure(p *pace, things int, search func()) {
	before := x.done.nanoseconds()
	search()
	if things > 0 {
		p.learn(x.done.nanoseconds()-before, things)
	}
}

// compare compares an item with a leader that it was not compared with yet.
func (x *index) compare(i int, place int32, hits []hit) []hit {
	l := &x.leaders[place]
	if l.seen == int32(i)+1 {
		return hits
	}
	l.seen = int32(i) + 1
	x.done.compared++
	return x.compareOne(&x.prints[i], l, place, hits)
}

func (x *index) compareOne(mine *Fingerprint, l *leader, place int32, hits []hit) []hit {
	distance := bits.OnesCount64(mine.Bits[0]^l.bits[0]) + bits.OnesCount64(mine.Bits[1]^l.bits[1]) +
		bits.OnesCount64(mine.Bits[2]^l.bits[2]) + bits.OnesCount64(mine.Bits[3]^l.bits[3])
	if distance > x.nearBits {
		return hits
	}
	x.done.colors++
	if mine.nearColors(&x.prints[l.item]) {
		hits = append(hits, hit{place, distance})
	}
	return hits
}

// scan compares an item with all leaders.
func (x *index) scan(i int, hits []hit) []hit {
	x.done.scanned += len(x.leaders)
	mine := &x.prints[i]
	folded := mine.folded()
	for place, other := range x.folded {
		if bits.OnesCount64(folded^other) <= x.nearBits {
			hits = x.compareOne(mine, &x.leaders[place], int32(place), hits)
		}
	}
	return hits
}

// makeEdged makes the tree of the items that are not plain, unless it is there.
func (x *index) makeEdged() {
	if x.edged != nil {
		return
	}
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

func (x *index) searchTree(t *boxTree, i int, visit func(place int32)) {
	x.done.boxes += t.search(i, x.nearBits, func(item int32) {
		if at := x.place[item]; at > 0 {
			visit(at - 1)
		}
	})
}
