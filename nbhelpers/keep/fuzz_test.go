package keep

import (
	"bytes"
	"encoding/binary"
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

// FuzzLoad reads files that nobody wrote: without a panic, without an end in sight, and without memory out of proportion. What is read
// can be walked and saved like any value.
func FuzzLoad(f *testing.F) {
	dir := folder(f)
	for seed := range uint64(8) {
		value := fullTarget(seed)
		store := Open(dir, targetOptions())
		sc := store.scan([]Variable{variable("x", &value)})
		e, err := sc.encode([]int{0}, 1<<30)
		if err != nil {
			f.Fatal(err)
		}
		for _, p := range e.pending {
			if err := store.writeFlat(p); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(e.graph)
	}
	f.Fuzz(func(t *testing.T, graph []byte) {
		store := Open(dir, targetOptions())
		store.types.add(reflect.TypeFor[target]())
		file, err := parseGraph(graph, store.types)
		if err != nil {
			return
		}
		var value target
		commit, err := store.decode(file, []Variable{variable("x", &value)})
		defer store.unmap(t)
		if err != nil {
			return
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
	})
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

// TestDamagedGraph changes each byte of a file in turn, with a checksum that fits.
func TestDamagedGraph(t *testing.T) {
	dir := folder(t)
	value := struct {
		A []*link
		B map[string]any
		C time.Time
	}{[]*link{{1, &link{2, nil}}, nil}, map[string]any{"a": 1, "b": []any{true, "x", Pair{1, 2}}}, time.Unix(1, 0)}
	o := targetOptions()
	save(t, dir, o, variable("x", &value))
	path := graph(t, dir)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range len(good) - checksumBytes {
		for _, change := range []byte{1, 0x80, 0xff} {
			damaged := bytes.Clone(good)
			damaged[i] ^= change
			if i%7 == 0 { // and some without
				binary.LittleEndian.PutUint32(damaged[len(good)-checksumBytes:], checksum(damaged[:len(good)-checksumBytes]))
			}
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			got := value
			got.A = nil
			losses := Open(dir, o).Load(variable("x", &got))
			if len(losses) > 0 {
				refused++
				if got.A != nil {
					t.Fatalf("byte %d: the variable was set in spite of %q", i, losses)
				}
			}
		}
	}
	if refused < 2*len(good) {
		t.Errorf("%d of %d damaged files were refused", refused, 3*len(good))
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
