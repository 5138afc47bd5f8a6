package gonbrepair

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// pieces are the results of reads into a buffer of some size.
func pieces(t *testing.T, from io.Reader, size int) []string {
	t.Helper()
	var list []string
	r := &wholeReader{from: from}
	for {
		p := make([]byte, size)
		n, err := r.Read(p)
		if n > 0 {
			list = append(list, string(p[:n]))
		}
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoReadEndsWithinACharacter(t *testing.T) {
	const text = "aé世😀bé世😀"
	for _, size := range []int{4, 5, 6, 7, 100} {
		for name, from := range map[string]io.Reader{"whole": strings.NewReader(text), "by byte": iotest.OneByteReader(strings.NewReader(text))} {
			list := pieces(t, from, size)
			if got := strings.Join(list, ""); got != text {
				t.Errorf("%s, %d: read %q", name, size, got)
			}
			for _, piece := range list {
				if !utf8.ValidString(piece) {
					t.Errorf("%s, %d: a read ends within a character: %q", name, size, list)
				}
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add("\xff\xfe世\xe4", 4)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = 4 + (size&0xffff)%60
		if got := strings.Join(pieces(t, iotest.HalfReader(strings.NewReader(text)), size), ""); got != text {
			t.Errorf("%q was read as %q", text, got)
		}
	})
}

func TestApply(t *testing.T) {
	source, folder := t.TempDir(), filepath.Join(t.TempDir(), "to")
	texts := map[string]string{copier: "package jpyexec\n", pipes: "package jpyexec\n", messages: "package kernel\n"}
	for _, c := range corrections() {
		texts[c.file] = texts[c.file] + c.old
	}
	for name, text := range texts {
		file := filepath.Join(source, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o444); err != nil { // as in the module cache
			t.Fatal(err)
		}
	}
	if err := Apply(source, folder); err != nil {
		t.Fatal(err)
	}
	corrected, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(copier)))
	if err != nil || strings.Count(string(corrected), "&wholeReader{") != 2 {
		t.Errorf("%s, %v", corrected, err)
	}
	asks, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(messages)))
	registered, sent := strings.Index(string(asks), "m.kernel.stdinFn = m, onInput"), strings.Index(string(asks), "RunLocked(")
	if err != nil || registered < 0 || registered > sent || strings.Count(string(asks), "onInput") != 1 {
		t.Errorf("input is asked for before it is known who waits for it: %s, %v", asks, err)
	}
	for _, name := range []string{"headstart_whole.go", "headstart_pipe.go"} {
		added, err := os.ReadFile(filepath.Join(folder, "internal", "jpyexec", name))
		if err != nil || !strings.HasPrefix(string(added), "package jpyexec\n") {
			t.Errorf("%s: %.40s, %v", name, added, err)
		}
	}
	if err := Apply(folder, filepath.Join(t.TempDir(), "again")); err == nil || !strings.Contains(err.Error(), "another release") {
		t.Errorf("a source that is corrected already: %v", err)
	}
}
