package neardup

import "math/bits"

// A boxTree divides items by their colors, in halves, and knows for each part what the leaders in it have in common: between which values
// each color is, and which bits all or none have. A part that cannot hold a near one is passed over as a whole.
type boxTree struct {
	prints []Fingerprint
	order  []int32 // items, those of a part side by side
	at     []int32 // by item: its place in order
	boxes  []box   // number 1 is of all items, and 2n and 2n+1 are of the halves of n
}

// A box is what the leaders of a part have in common.
type box struct {
	low, high [48]uint8
	all, any  [4]uint64
	plain     bool // all are
	leaders   int
}

// boxItems is how many items a part has that is not divided, at most.
const boxItems = 16

func newBoxTree(prints []Fingerprint, items []int) *boxTree {
	t := &boxTree{prints: prints, order: make([]int32, len(items)), at: make([]int32, len(prints))}
	for n, i := range items {
		t.order[n] = int32(i)
	}
	parts := 1
	for n := len(items); n > boxItems; n = (n + 1) / 2 {
		parts *= 2
	}
	t.boxes = make([]box, 2*parts)
	t.divide(t.order, make([]int32, len(items)))
	for n, i := range t.order {
		t.at[i] = int32(n)
	}
	return t
}

// divide orders items by the color that differs most among them, and so on with each half.
func (t *boxTree) divide(items, scratch []int32) {
	if len(items) <= boxItems {
		return
	}
	var sum, squares [48]int
	for _, i := range items {
		for c, v := range t.prints[i].Colors {
			sum[c] += int(v)
			squares[c] += int(v) * int(v)
		}
	}
	widest, most := 0, -1
	for c := range sum {
		if spread := squares[c]*len(items) - sum[c]*sum[c]; spread > most {
			widest, most = c, spread
		}
	}
	var from [257]int // by value: where those of the value begin
	for _, i := range items {
		from[int(t.prints[i].Colors[widest])+1]++
	}
	for v := range 256 {
		from[v+1] += from[v]
	}
	copy(scratch, items)
	for _, i := range scratch[:len(items)] {
		v := t.prints[i].Colors[widest]
		items[from[v]] = i
		from[v]++
	}
	half := (len(items) + 1) / 2
	t.divide(items[:half], scratch)
	t.divide(items[half:], scratch)
}

// add makes one of the items a leader.
func (t *boxTree) add(i int) {
	at, n, length := int(t.at[i]), 1, len(t.order)
	for {
		t.boxes[n].extend(&t.prints[i])
		if length <= boxItems {
			return
		}
		if half := (length + 1) / 2; at < half {
			n, length = 2*n, half
		} else {
			n, at, length = 2*n+1, at-half, length-half
		}
	}
}

func (b *box) extend(f *Fingerprint) {
	if b.leaders++; b.leaders == 1 {
		b.low, b.high, b.all, b.any, b.plain = f.Colors, f.Colors, f.Bits, f.Bits, f.plain()
		return
	}
	for c, v := range f.Colors {
		b.low[c], b.high[c] = min(b.low[c], v), max(b.high[c], v)
	}
	for w, word := range f.Bits {
		b.all[w] &= word
		b.any[w] |= word
	}
	b.plain = b.plain && f.plain()
}

// mayHold says whether one of the leaders may be near to an image.
func (b *box) mayHold(f *Fingerprint, plain bool, nearBits int) bool {
	differ := 0
	for w, word := range f.Bits {
		differ += bits.OnesCount64(word&^b.any[w] | b.all[w]&^word)
	}
	if b.leaders == 0 || differ > nearBits {
		return false
	}
	sum, most := 0, 0
	for c, v := range f.Colors {
		d := max(int(v)-int(b.high[c]), int(b.low[c])-int(v), 0)
		sum, most = sum+d, max(most, d)
	}
	return sum <= maxColorDistance*len(f.Colors) && (most <= maxPlainDistance || !plain || !b.plain)
}

// search calls visit with the items of the parts that may hold a near leader. It returns how many boxes it looked at.
func (t *boxTree) search(i, nearBits int, visit func(item int32)) (looked int) {
	f := &t.prints[i]
	plain := f.plain()
	var part func(n int, items []int32)
	part = func(n int, items []int32) {
		looked++
		if !t.boxes[n].mayHold(f, plain, nearBits) {
			return
		}
		if len(items) <= boxItems {
			for _, item := range items {
				visit(item)
			}
			return
		}
		half := (len(items) + 1) / 2
		part(2*n, items[:half])
		part(2*n+1, items[half:])
	}
	part(1, t.order)
	return looked
}
