package graph

import (
	"cmp"
	"slices"
	"sort"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
)

// unit is what is encoded as one: a map, a box, or a stretch of memory with all that refers into it.
type unit struct {
	kind nodeKind
	ptr  unsafe.Pointer
	l    *layout.Layout
	n    int
	node int32
	root int32 // the variable whose memory it is, or -1
	id   int   // in its group's file, from 1
}

func (u *unit) bytes() uintptr { return uintptr(u.n) * u.l.Size }

func (u *unit) low() uintptr { return uintptr(u.ptr) }

func (u *unit) high() uintptr { return u.low() + u.bytes() }

// merge makes units of the nodes. References into one piece of memory may see it differently: a slice of an array, a
// pointer to a field of one of its elements. The type of a unit is the outermost of these.
func (sc *Scan) merge() {
	var memory []int32
	for i := range sc.nodes {
		n := &sc.nodes[i]
		if n.kind == nodeMemory {
			memory = append(memory, int32(i))
			continue
		}
		n.unit = int32(len(sc.units))
		sc.units = append(sc.units, unit{kind: n.kind, ptr: n.ptr, l: n.l, n: n.n, node: int32(i), root: -1})
	}
	slices.SortStableFunc(memory, func(a, b int32) int {
		x, y := &sc.nodes[a], &sc.nodes[b]
		return cmp.Or(
			cmp.Compare(uintptr(x.ptr), uintptr(y.ptr)),
			cmp.Compare(uintptr(y.n)*y.l.Size, uintptr(x.n)*x.l.Size),
			cmp.Compare(boolInt(x.root < 0), boolInt(y.root < 0)),
		)
	})
	first := len(sc.units)
	for _, i := range memory {
		n := &sc.nodes[i]
		last := len(sc.units) - 1
		if last >= first && uintptr(n.ptr) < sc.units[last].high() {
			sc.overlap(&sc.units[last], i)
		} else {
			last++
			sc.units = append(sc.units, unit{kind: nodeMemory, ptr: n.ptr, l: n.l, n: n.n, node: i, root: n.root})
		}
		n.unit = int32(last)
		sc.join(i, sc.units[last].node)
	}
}

// overlap extends a unit by a node that begins inside it.
func (sc *Scan) overlap(u *unit, i int32) {
	n := &sc.nodes[i]
	layouts := sc.program.layouts
	at := uintptr(n.ptr) - u.low()
	end := at + uintptr(n.n)*n.l.Size
	switch {
	case n.root >= 0: // two variables, or a variable in something larger
	case layouts.Holds(u.l, u.n, at, n.l, n.n):
		return
	case at == 0 && end == u.bytes() && u.root < 0 && layouts.Holds(n.l, n.n, 0, u.l, u.n):
		u.l, u.n = n.l, n.n
		return
	case end > u.bytes() && u.root < 0 && layouts.Alike(u.l, n.l) && at%u.l.Size == 0:
		u.n = int(end / u.l.Size)
		return
	}
	sc.obstacles = append(sc.obstacles, obstacle{n.from, n.at, "memory of two types", n.l.Type})
	if n.from < 0 {
		sc.obstacles[len(sc.obstacles)-1].node = i
	}
}

// Overlapped says whether units reach into some memory, such as that of a variable that was not scanned.
func (sc *Scan) Overlapped(p unsafe.Pointer, size uintptr) bool {
	memory := sc.units
	for len(memory) > 0 && memory[0].kind != nodeMemory {
		memory = memory[1:]
	}
	i := sort.Search(len(memory), func(i int) bool { return memory[i].high() > uintptr(p) })
	return i < len(memory) && memory[i].low() < uintptr(p)+size
}

// Groups returns the variables that share memory, each group and all groups in the order of the variables.
func (sc *Scan) Groups() [][]int {
	var groups [][]int
	bySet := map[int32]int{}
	for i, root := range sc.roots {
		if root < 0 {
			groups = append(groups, []int{i})
			continue
		}
		set := sc.setOf(root)
		g, ok := bySet[set]
		if !ok {
			g = len(groups)
			bySet[set] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}
