package tarball

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
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

func xzOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// greedyXZ asks for a dictionary of 4 GiB.
func greedyXZ(t testing.TB) []byte {
	t.Helper()
	data := xzOf(t, []byte("hello"))
	const start = 12                   // of the block's header, whose size is in its first byte
	size := 4 * (int(data[start]) + 1) // with the checksum at its end
	header := data[start : start+size] // The .xz File Format, 3.1
	header[bytes.Index(header, []byte{0x21, 1})+2] = 40
	binary.LittleEndian.PutUint32(header[size-4:], crc32.ChecksumIEEE(header[:size-4]))
	return data
}

func FuzzXZ(f *testing.F) {
	f.Add(xzOf(f, []byte("hello")))
	f.Add(greedyXZ(f))
	f.Add(append(xzOf(f, []byte("hello")), greedyXZ(f)...))
	f.Fuzz(func(_ *testing.T, data []byte) {
		r, err := decompressed(bytes.NewReader(data), "x.tar.xz")
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(r, 1<<24))
		}
	})
}

func TestEveryBlockOfAnXZIsHeldToTheLimit(t *testing.T) {
	for name, data := range map[string][]byte{"first": greedyXZ(t), "later": append(xzOf(t, []byte("hello")), greedyXZ(t)...)} {
		r, err := decompressed(bytes.NewReader(data), "x.tar.xz")
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err == nil || !strings.Contains(err.Error(), "more than 256 MiB of memory") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
