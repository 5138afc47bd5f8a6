package graph

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/keep/keeptest"
)

// record has a field of each kind of reference.
type record struct {
	id      int32
	flag    bool
	text    string
	next    *record
	many    []*record
	byValue []record
	byName  map[string]*record
	byKey   map[any]any
	numbers []int64
	number  *int64
	row     *[3]int64
	rows    [2][]int64
	grid    [2][3]int64
	what    any
	pair    Pair
	strings []string
	inner   inner
	inside  *inner
	word    *string
	shape   shape
}

// world makes graphs of records that refer to each other, and into each other, at random.
type world struct {
	*rand.Rand
	records []record
	numbers []int64
	maps    []map[string]*record
	strings []string
}

func newWorld(seed uint64) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 22))}
	w.records = make([]record, 1+w.IntN(12))
	w.numbers = make([]int64, 3+w.IntN(40))
	for i := range w.numbers {
		w.numbers[i] = w.Int64()
	}
	for range 3 {
		w.maps = append(w.maps, map[string]*record{})
		w.strings = append(w.strings, fmt.Sprint("s", w.IntN(100)), "")
	}
	for i := range w.records {
		w.fillRecord(&w.records[i])
	}
	for _, m := range w.maps {
		for range w.IntN(5) {
			m[fmt.Sprint(w.IntN(10))] = w.record()
		}
	}
	return w
}

func (w *world) record() *record {
	if w.IntN(4) == 0 {
		return nil
	}
	return &w.records[w.IntN(len(w.records))]
}

func (w *world) run() []int64 {
	switch w.IntN(6) {
	case 0:
		return nil
	case 1:
		return []int64{}
	case 2:
		return w.records[w.IntN(len(w.records))].grid[w.IntN(2)][w.IntN(3):]
	}
	low := w.IntN(len(w.numbers))
	length := w.IntN(len(w.numbers) - low + 1)
	return w.numbers[low : low+length : low+length+w.IntN(len(w.numbers)-low-length+1)]
}

func (w *world) any(depth int) any {
	switch w.IntN(14) {
	case 0:
		return nil
	case 1:
		return w.IntN(1000)
	case 2:
		return math.Float64frombits(w.Uint64())
	case 3:
		return w.record()
	case 4:
		return w.run()
	case 5:
		return w.maps[w.IntN(len(w.maps))]
	case 6:
		return inner{a: int8(w.IntN(100)), c: "x"}
	case 7:
		return []any{w.IntN(3), w.record(), "a"}
	case 8:
		return [2]*record{w.record(), w.record()}
	case 9:
		return Square{1}
	case 10:
		return &w.numbers[w.IntN(len(w.numbers))]
	case 11:
		return map[string]any{"a": w.record()}
	}
	if depth > 3 {
		return "deep"
	}
	return Pair{w.any(depth + 1), w.any(depth + 1)}
}

func (w *world) fillRecord(r *record) {
	other := &w.records[w.IntN(len(w.records))]
	r.id, r.flag, r.text = w.Int32(), w.IntN(2) == 0, w.strings[w.IntN(len(w.strings))]
	r.next, r.byName, r.numbers = w.record(), w.maps[w.IntN(len(w.maps))], w.run()
	low := w.IntN(len(w.records) + 1)
	r.byValue = w.records[low:]
	for range w.IntN(4) {
		r.many = append(r.many, w.record())
	}
	if w.IntN(3) == 0 {
		r.byKey = map[any]any{w.IntN(9): w.any(0), "k": w.any(0), inner{c: "k"}: nil}
	}
	r.number, r.rows[w.IntN(2)] = &w.numbers[w.IntN(len(w.numbers))], w.run()
	if w.IntN(2) == 0 {
		r.number = &other.grid[w.IntN(2)][w.IntN(3)]
	}
	if w.IntN(2) == 0 {
		r.row = &other.grid[w.IntN(2)]
	} else {
		r.row = (*[3]int64)(w.numbers[w.IntN(len(w.numbers)-2):])
	}
	r.grid[1][2] = w.Int64()
	r.what, r.pair = w.any(0), Pair{w.any(0), w.any(0)}
	r.strings = w.strings[w.IntN(len(w.strings)):]
	r.inside, r.word = &other.inner, &other.text
	if w.IntN(2) == 0 {
		r.word = &w.strings[w.IntN(len(w.strings))]
	}
	r.inner.b[1] = w.Int32()
	if w.IntN(2) == 0 {
		r.shape = Square{w.Float64()}
	} else if w.IntN(2) == 0 {
		r.shape = &Circle{1, r.word}
	}
}

// variables are in memory of their own, which some of the pointers lead to.
type variables struct {
	one     record
	many    []record
	what    any
	numbers []int64
	number  int64
	pointer *int64
	maps    []map[string]*record
}

// list gives each variable the memory that a package-level variable has.
func (v *variables) list() []Variable {
	return []Variable{
		variable("many", &v.many), variable("maps", &v.maps), variable("number", &v.number), variable("numbers", &v.numbers),
		variable("one", &v.one), variable("pointer", &v.pointer), variable("what", &v.what),
	}
}

func checkSeed(t *testing.T, seed uint64) {
	w := newWorld(seed)
	v := &variables{many: w.records, what: w.any(0), numbers: w.run(), number: 5, maps: w.maps}
	w.fillRecord(&v.one)
	v.pointer = &v.number
	if w.IntN(2) == 0 {
		v.pointer = &v.one.grid[1][1]
		w.records[0].next = &v.one
		w.records[0].number = &v.number
	}
	dir := t.TempDir()
	sc := program(dir, v.list()...).Scan(v.list())
	if !sc.Kept() {
		t.Fatalf("seed %d: %v", seed, sc.loss(sc.obstacles[0]))
	}
	got := &variables{}
	reader := program(dir, got.list()...)
	var graphs [][]byte
	for _, group := range sc.Groups() {
		graphs = append(graphs, encode(t, sc, dir, group).Graph)
		file, err := reader.Parse(graphs[len(graphs)-1])
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var roots []Variable
		for _, i := range group {
			roots = append(roots, got.list()[i])
		}
		commit, err := reader.Decode(file, roots)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		commit()
	}
	keeptest.Same(t, v, got)
	again := reader.Scan(got.list())
	for i, group := range again.Groups() {
		if !bytes.Equal(encode(t, again, dir, group).Graph, graphs[i]) {
			t.Errorf("group %d has another encoding of the same values", i)
		}
	}
	unmap(t, reader)
	if t.Failed() {
		t.Fatalf("seed %d", seed)
	}
}

func TestRandomGraphs(t *testing.T) {
	count := uint64(200)
	if testing.Short() {
		count = 50
	}
	for seed := range count {
		checkSeed(t, seed)
	}
}
