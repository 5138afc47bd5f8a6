package plain

import (
	"bytes"
	"testing"
)

// Whatever stands in a manifest or a group with a right checksum, nothing panics, and what is read is written as it was.
func FuzzManifest(f *testing.F) {
	n, s := 5, "text"
	m := &manifest{epoch: 3}
	for i, v := range []Variable{{Name: "n", Type: "int", Pointer: &n}, {Name: "s", Type: "string", Pointer: &s}} {
		graph, _ := encode(v)
		m.groups = append(m.groups, group{size: int64(len(graph)), small: []byte(graph), files: []fileRef{{"file", 7}}})
		m.entries = append(m.entries, entry{name: v.Name, typ: v.Type, rest: describe(v), group: i})
		f.Add([]byte(graph))
	}
	whole := m.encode()
	f.Add(whole[:len(whole)-checksumBytes])
	f.Fuzz(func(t *testing.T, data []byte) {
		var n int
		var s string
		var truth bool
		for _, pointer := range []any{&n, &s, &truth} {
			if v := (Variable{Name: "n", Pointer: pointer}); set(v, data) {
				if again, _ := encode(v); again != string(data) && len(data) < largeBytes {
					t.Errorf("read %q, wrote %q", data, again)
				}
			}
		}
		typeOf(data)
		m, ok := parse(withChecksum(bytes.Clone(data)))
		if !ok {
			return
		}
		again, ok := parse(m.encode())
		if !ok || !bytes.Equal(again.encode(), m.encode()) {
			t.Errorf("what was read from %q is written as another", data)
		}
		m.remove([]string{"n"})
		if _, ok := parse(m.encode()); !ok {
			t.Errorf("%q without n is damaged", data)
		}
	})
}
