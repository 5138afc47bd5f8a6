package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

// An entry is a file of the wheel.
type entry struct {
	content    []byte
	executable bool
}

// entries are the files of the wheel by their slash-separated paths in it.
type entries map[string]entry

func (e entries) add(name string, content []byte) { e[name] = entry{content: content} }

// addTree adds the files of a file system below a folder of the wheel.
func (e entries) addTree(folder string, tree fs.FS) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		e.add(path.Join(folder, name), content)
		return nil
	})
}

// record is the list of the wheel's files with their hashes: "Recording installed projects" of the packaging
// specifications.
func (e entries) record(self string) []byte {
	var list bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(e)) {
		sum := sha256.Sum256(e[name].content)
		fmt.Fprintf(&list, "%s,sha256=%s,%d\n", csvField(name), base64.RawURLEncoding.EncodeToString(sum[:]), len(e[name].content))
	}
	fmt.Fprintf(&list, "%s,,\n", csvField(self))
	return list.Bytes()
}

func csvField(name string) string {
	if bytes.ContainsAny([]byte(name), ",\"\r\n") {
		return `"` + string(bytes.ReplaceAll([]byte(name), []byte(`"`), []byte(`""`))) + `"`
	}
	return name
}

// write writes the archive in one order and with one time, so that it depends on nothing but its content. The list of its
// files is its last entry.
func (e entries) write(file, record string, at time.Time) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := atomicfile.WriteFile(file, func(w io.Writer) error { return e.archive(w, record, at) }); err != nil {
		return err
	}
	return os.Chmod(file, 0o644)
}

func (e entries) archive(w io.Writer, record string, at time.Time) error {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestCompression)
	})
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if err := addFile(archive, name, e[name], at); err != nil {
			return err
		}
	}
	if err := addFile(archive, record, entry{content: e.record(record)}, at); err != nil {
		return err
	}
	return archive.Close()
}

func addFile(archive *zip.Writer, name string, file entry, at time.Time) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at}
	mode := fs.FileMode(0o644)
	if file.executable {
		mode = 0o755
	}
	header.SetMode(mode)
	w, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = w.Write(file.content)
	return err
}
