package graph

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
)

// target is a variable of each kind that a hostile file may aim at.
type target struct {
	Record  record
	Any     any
	Map     map[any]any
	Numbers []float32
	Text    string
	Times   []time.Time
	Bools   map[bool][]bool
	Func    func(int) int
	Empty   []struct{}
	Nothing map[struct{}]*struct{}
}

func fullTarget(seed uint64) target {
	w := newWorld(seed)
	t := target{
		Any: w.any(0), Map: map[any]any{Pair{1, Pair{"a", nil}}: w.any(0), 1.5: nil}, Numbers: make([]float32, mapped.LargeBytes),
		Text: strings.Repeat("text", mapped.LargeBytes), Times: []time.Time{time.Unix(1, 0), {}, time.Unix(1, 0).In(time.FixedZone("X", 60))},
		Bools: map[bool][]bool{true: {true, false}}, Func: Double, Empty: make([]struct{}, 5), Nothing: map[struct{}]*struct{}{{}: {}},
	}
	w.fillRecord(&t.Record)
	return t
}

// targets are files that a program wrote.
func targets(t testing.TB, dir string) (graphs [][]byte) {
	t.Helper()
	for seed := range uint64(8) {
		value := fullTarget(seed)
		v := variable("x", &value)
		graphs = append(graphs, encode(t, program(dir, v).Scan([]Variable{v}), dir, []int{0}).Graph)
	}
	return graphs
}

// tryGraph reads a file that may be damaged. What is read can be walked and encoded like any value.
func tryGraph(t *testing.T, dir string, graph []byte) (read bool) {
	var value target
	v := variable("x", &value)
	g := program(dir, v)
	file, err := g.Parse(graph)
	if err != nil {
		return false
	}
	commit, err := g.Decode(file, []Variable{v})
	defer unmap(t, g)
	if err != nil {
		return false
	}
	commit()
	sc := g.Scan([]Variable{v})
	if !sc.Kept() {
		t.Fatalf("read what cannot be kept: %v", sc.loss(sc.obstacles[0]))
	}
	if _, err := sc.Encode([]int{0}, limit); err != nil {
		t.Fatal(err)
	}
	Short(reflect.ValueOf(&value).Elem(), MaxText)
	return true
}

// edit changes a file at some places: each four bytes of edits are a place, what to do there, and a byte.
func edit(graph, edits []byte) []byte {
	graph = bytes.Clone(graph)
	for ; len(edits) >= 4; edits = edits[4:] {
		at := int(binary.LittleEndian.Uint16(edits)) % len(graph)
		switch value := edits[3]; edits[2] % 5 {
		case 0:
			graph[at] = value
		case 1:
			graph[at] += value%7 - 3
		case 2:
			graph = append(graph[:at], append([]byte{value}, graph[at:]...)...)
		case 3:
			copy(graph[at:], graph[len(graph)/256*int(value):])
		case 4:
			graph = append(graph[:at], graph[min(at+int(value%8), len(graph)-1):]...)
		}
	}
	return graph
}

// FuzzLoad reads files that nobody wrote: without a panic, in time and memory in proportion to their size.
func FuzzLoad(f *testing.F) {
	dir := f.TempDir()
	for _, graph := range targets(f, dir) {
		f.Add(graph)
	}
	f.Fuzz(func(t *testing.T, graph []byte) { tryGraph(t, dir, graph) })
}

// FuzzLoadEdited reads files that a program wrote and something has changed.
func FuzzLoadEdited(f *testing.F) {
	dir := f.TempDir()
	graphs := targets(f, dir)
	f.Add(uint8(0), []byte{200, 0, 0, 1})
	f.Add(uint8(1), []byte{200, 1, 1, 1, 0, 2, 3, 4})
	f.Fuzz(func(t *testing.T, n uint8, edits []byte) { tryGraph(t, dir, edit(graphs[int(n)%len(graphs)], edits)) })
}

// TestDamagedGraph reads files with each byte changed in turn, and files with several changes.
func TestDamagedGraph(t *testing.T) {
	dir := t.TempDir()
	graphs := targets(t, dir)
	random := rand.New(rand.NewPCG(22, 1))
	tries, read := 0, 0
	try := func(graph []byte) {
		tries++
		if tryGraph(t, dir, graph) {
			read++
		}
	}
	for i := range graphs[0] {
		try(edit(graphs[0], []byte{byte(i), byte(i >> 8), 1, byte(random.IntN(256))}))
	}
	for range 1000 {
		edits := make([]byte, 4*(1+random.IntN(4)))
		for i := range edits {
			edits[i] = byte(random.IntN(256))
		}
		try(edit(graphs[random.IntN(len(graphs))], edits))
	}
	t.Logf("%d of %d files were read", read, tries)
	if read == 0 || read == tries {
		t.Error("the changes are all harmless, or all fatal")
	}
}

// A file that says a lot in few bytes must not get the memory for it.
func TestHostileSizes(t *testing.T) {
	value := []*int{new(int)}
	v := variable("x", &value)
	g := program(t.TempDir(), v)
	e := encode(t, g.Scan([]Variable{v}), "", []int{0})
	for i := range e.Graph {
		hostile := slicesInsert(e.Graph, i, binary.AppendUvarint(nil, 1<<40))
		file, err := g.Parse(hostile)
		if err == nil {
			_, err = g.Decode(file, []Variable{v})
		}
		if err == nil && i > len(magicGraph) {
			t.Errorf("a size of 1<<40 at byte %d was read", i)
		}
	}
}

// slicesInsert replaces the byte at i.
func slicesInsert(data []byte, i int, by []byte) []byte {
	return append(append(bytes.Clone(data[:i]), by...), data[i+1:]...)
}
