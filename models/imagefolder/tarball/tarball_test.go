package tarball

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"testing"
)

// A stream of zeros, of which gzip makes a thousandth, ends at the limit.
func TestBombEnds(t *testing.T) {
	var data bytes.Buffer
	packed := gzip.NewWriter(&data)
	w := tar.NewWriter(packed)
	if err := errors.Join(w.WriteHeader(&tar.Header{Name: "notes", Mode: 0o644, Size: 8 << 20}), func() error {
		_, err := w.Write(make([]byte, 8<<20))
		return err
	}(), w.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int64]error{1 << 20: ErrBomb, 8 << 20: io.EOF} {
		r, err := Open(bytes.NewReader(data.Bytes()), "x.TGZ", limit)
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, want) {
			t.Errorf("limit %d: got %v, want %v", limit, err, want)
		}
	}
}

func TestRefuse(t *testing.T) {
	for _, test := range []struct {
		name    string
		mode    fs.FileMode
		refused bool
	}{
		{"a/b.jpg", 0o644, false}, {"./a.jpg", 0, false}, {"../a.jpg", 0, true}, {"a/../../b", 0, true}, {"/a", 0, true}, {"a\x00b", 0, true}, {"", 0, true},
		{"a", fs.ModeSymlink, true}, {"a", fs.ModeDevice, true}, {"a", Mode(&tar.Header{Typeflag: tar.TypeLink}), true}, {"a", Mode(&tar.Header{Typeflag: tar.TypeReg}), false},
	} {
		if got := Refuse(test.name, test.mode); (got != "") != test.refused {
			t.Errorf("%q, %v: %q", test.name, test.mode, got)
		}
	}
}
