package keep

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
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

func targetOptions() Options {
	o := options()
	o.Quota = 1 << 30
	o.Types = []reflect.Type{reflect.TypeFor[Square](), reflect.TypeFor[Pair](), reflect.TypeFor[Circle]()}
	o.Funcs = map[string]any{"github.com/headstart-nb/headstart/nbhelpers/keep.Double": Double}
	return o
}

func fullTarget(seed uint64) target {
	w := newWorld(seed)
	t := target{
		Any: w.any(0), Map: map[any]any{Pair{1, Pair{"a", nil}}: w.any(0), 1.5: nil}, Numbers: make([]float32, LargeBytes),
		Text: strings.Repeat("text", LargeBytes), Times: []time.Time{time.Unix(1, 0), {}, time.Unix(1, 0).In(time.FixedZone("X", 60))},
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
		store := Open(dir, targetOptions())
		store.types.add(reflect.TypeFor[target]())
		sc := store.scan([]Variable{variable("x", &value)})
		e, err := sc.encode([]int{0}, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.writeFlat(e.pending); err != nil {
			t.Fatal(err)
		}
		graphs = append(graphs, e.graph)
	}
	return graphs
}

// tryGraph reads a file that may be damaged. What is read can be walked and saved like any value.
func tryGraph(t *testing.T, dir string, graph []byte) (read bool) {
	store := Open(dir, targetOptions())
	store.types.add(reflect.TypeFor[target]())
	file, err := parseGraph(graph, store.types)
	if err != nil {
		return false
	}
	var value target
	commit, err := store.decode(file, []Variable{variable("x", &value)})
	defer store.unmap(t)
	if err != nil {
		return false
	}
	commit()
	sc := store.scan([]Variable{variable("x", &value)})
	if len(sc.obstacles) > 0 {
		t.Fatalf("read what cannot be kept: %v", sc.loss(sc.obstacles[0]))
	}
	if _, err := sc.encode([]int{0}, 1<<30); err != nil {
		t.Fatal(err)
	}
	short(reflect.ValueOf(&value).Elem(), maxText)
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
	dir := folder(f)
	for _, graph := range targets(f, dir) {
		f.Add(graph)
	}
	f.Fuzz(func(t *testing.T, graph []byte) { tryGraph(t, dir, graph) })
}

// FuzzLoadEdited reads files that a program wrote and something has changed.
func FuzzLoadEdited(f *testing.F) {
	dir := folder(f)
	graphs := targets(f, dir)
	f.Add(uint8(0), []byte{200, 0, 0, 1})
	f.Add(uint8(1), []byte{200, 1, 1, 1, 0, 2, 3, 4})
	f.Fuzz(func(t *testing.T, n uint8, edits []byte) { tryGraph(t, dir, edit(graphs[int(n)%len(graphs)], edits)) })
}

func FuzzManifest(f *testing.F) {
	dir := folder(f)
	x, y := 1, []any{Pair{}}
	save(f, dir, options(), variable("x", &x), variable("y", &y))
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:len(data)-checksumBytes])
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := func() (m *manifest, err error) {
			defer catch(&err)
			return parseManifest(data), nil
		}()
		if err != nil {
			return
		}
		m.list()
		m.bytes()
		m.remove([]string{"x"})
		if _, err := func() (m2 *manifest, err error) {
			defer catch(&err)
			written := m.append()
			return parseManifest(written[:len(written)-checksumBytes]), nil
		}(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDamagedGraph reads files with each byte changed in turn, and files with several changes.
func TestDamagedGraph(t *testing.T) {
	dir := folder(t)
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

// TestDamagedFile damages what is on the disk: the variable is not touched.
func TestDamagedFile(t *testing.T) {
	dir := folder(t)
	value, large := []any{1, "x", true}, make([]int32, LargeBytes)
	save(t, dir, targetOptions(), variable("x", &value), variable("large", &large))
	paths, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil || len(paths) != 3 {
		t.Fatalf("%q, %v", paths, err)
	}
	for _, path := range paths {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, damaged := range map[string][]byte{
			"empty": {}, "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0), "first byte": append([]byte{1}, good[1:]...),
		} {
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			got, gotLarge := []any{"initial"}, []int32{1}
			losses := Open(dir, targetOptions()).Load(variable("x", &got), variable("large", &gotLarge))
			if len(losses) != 1 || (len(got) == 1) == (len(gotLarge) == 1) {
				t.Errorf("%s of %s: lost %q, got %v and %d numbers", name, filepath.Base(path), losses, got, len(gotLarge))
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A file that says a lot in few bytes must not get the memory for it.
func TestHostileSizes(t *testing.T) {
	store := Open(folder(t), targetOptions())
	value := []*int{new(int)}
	store.types.add(reflect.TypeOf(value))
	sc := store.scan([]Variable{variable("x", &value)})
	e, err := sc.encode([]int{0}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.graph {
		hostile := slicesInsert(e.graph, i, binary.AppendUvarint(nil, 1<<40))
		file, err := parseGraph(hostile, store.types)
		if err == nil {
			_, err = store.decode(file, []Variable{variable("x", &value)})
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
