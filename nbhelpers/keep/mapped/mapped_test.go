package mapped

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unsafe"
)

// folder is where the files of a test are.
type folder string

func (f folder) open(name string) (*os.File, int64, error) {
	file, err := os.Open(filepath.Join(string(f), name))
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	return file, info.Size(), err
}

// write makes a file of two parts, and says where it is.
func write(t *testing.T, dir folder) (ref Ref, path string, parts [2][]byte) {
	t.Helper()
	parts = [2][]byte{bytes.Repeat([]byte{1}, LargeBytes+5), bytes.Repeat([]byte{2}, LargeBytes)}
	second := int64(LargeBytes + PartAlign)
	p := Pending{Ref{NewName(), second + LargeBytes}, []Part{
		{unsafe.Pointer(&parts[0][0]), 0, int64(len(parts[0]))}, {unsafe.Pointer(&parts[1][0]), second, LargeBytes},
	}}
	path = filepath.Join(string(dir), p.Name+FlatEnding)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	passed := 0
	if err := p.Write(file, func() { passed++ }); err != nil || passed != 2 {
		t.Fatalf("%v, %d parts", err, passed)
	}
	return p.Ref, path, parts
}

func TestMap(t *testing.T) {
	dir := folder(t.TempDir())
	ref, _, parts := write(t, dir)
	files := &Files{Open: dir.open}
	m, err := files.Map(ref)
	if err != nil {
		t.Fatal(err)
	}
	second := LargeBytes + PartAlign
	if !bytes.Equal(m.Data[:len(parts[0])], parts[0]) || !bytes.Equal(m.Data[second:], parts[1]) {
		t.Fatal("the parts are others")
	}
	if found, at := files.Of(unsafe.Pointer(&m.Data[second+3]), 10); found != m || at != second+3 {
		t.Errorf("%v at %d", found, at)
	}
	if found, _ := files.Of(unsafe.Pointer(&m.Data[second]), LargeBytes+1); found != nil {
		t.Error("memory beyond the end is the file's")
	}
	if found, _ := files.Of(unsafe.Pointer(&parts[0][0]), 1); found != nil {
		t.Error("other memory is the file's")
	}
	if list, few := m.Changes(second, LargeBytes, LargeBytes); !few || len(list) != 0 {
		t.Errorf("nothing has changed: %v, %t", list, few)
	}
	m.Data[second+7], m.Data[second+8] = 9, 2 // the second is what it was
	list, few := m.Changes(second, LargeBytes, LargeBytes)
	if !few || len(list) != 1 || list[0].At > second+7 || list[0].At+list[0].Size <= second+7 || list[0].Size > os.Getpagesize() {
		t.Errorf("%v, %t", list, few)
	}
	if _, few := m.Changes(second, LargeBytes, 1); few {
		t.Error("a page is at most one byte")
	}
	if err := files.Unmap(); err != nil {
		t.Error(err)
	}
}

// What is in the folder may be damaged, or may have been made by somebody else.
func TestFilesThatAreWrong(t *testing.T) {
	dir := folder(t.TempDir())
	ref, path, _ := write(t, dir)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		ref  Ref
		data []byte
	}{
		"a name in another folder": {Ref{"../" + ref.Name, ref.Size}, good},
		"one that is missing":      {Ref{"none", ref.Size}, good},
		"another size":             {Ref{ref.Name, ref.Size - 1}, good},
		"a size below any":         {Ref{ref.Name, 1}, good[:flatStart+1]},
		"empty":                    {ref, nil},
		"cut":                      {ref, good[:len(good)-1]},
		"longer":                   {ref, append(bytes.Clone(good), 0)},
		"another magic":            {ref, append([]byte{0}, good[1:]...)},
	} {
		if err := os.WriteFile(path, test.data, 0o600); err != nil {
			t.Fatal(err)
		}
		files := &Files{Open: dir.open}
		if _, err := files.Map(test.ref); err == nil {
			t.Errorf("%s: it is mapped", name)
		}
	}
}
