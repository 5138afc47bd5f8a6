// Package imagefolder turns Go values that stand for images into a folder of image files, as magics take them.
package imagefolder

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

const (
	// maxCopied bounds the bytes of files that are copied, since they are on another file system than the folder.
	maxCopied = 2 << 30
	// keptFolders is how many folders stay; those that were used longest ago are removed.
	keptFolders = 32
)

// Of returns a function that writes a value below the folder parent. The new folder is named after the variable and what is in
// it, so that the same images are one folder. The images of a label are in a folder of that name; those that have none are in
// folders named as those that their files come from. The bundle has the folder's name under display.MIMEFolder.
func Of(parent, name string) func(any) (display.Bundle, error) {
	return func(value any) (display.Bundle, error) {
		images, err := imagesOf(value)
		if err != nil {
			return display.Bundle{}, err
		}
		folder, err := write(parent, name, images)
		return display.Bundle{Data: map[string]any{display.MIMEFolder: folder}}, err
	}
}

// one is an image of a value.
type one struct {
	path  string // of its file; empty where it has none
	data  []byte // of a file, where path is empty
	img   image.Image
	label string
	index int
}

// write makes the folder, unless it is there.
func write(parent, name string, images []one) (string, error) {
	if len(images) == 0 {
		return "", errors.New("it is empty")
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(parent, ".new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp) // it is gone after the rename
	sum := sha256.New()
	w := writer{folder: temp, sum: sum, used: map[string]bool{}}
	for i, img := range images {
		img.index = i
		if err := w.add(img); err != nil {
			return "", fmt.Errorf("image %d of %d: %w", i+1, len(images), err)
		}
	}
	target := filepath.Join(parent, name+"-"+hex.EncodeToString(sum.Sum(nil)[:4]))
	err = os.Rename(temp, target)
	if err != nil && errors.Is(err, fs.ErrExist) { // the same images as before
		now := time.Now()
		return target, os.Chtimes(target, now, now)
	}
	if err == nil {
		removeOld(parent, target)
	}
	return target, err
}

type writer struct {
	folder string
	sum    hash.Hash
	used   map[string]bool
	copied int64
}

func (w *writer) add(img one) error {
	name, err := w.name(img)
	if err != nil {
		return err
	}
	target := filepath.Join(w.folder, name)
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	fmt.Fprintf(w.sum, "%q ", name)
	if img.path != "" {
		return w.link(img.path, target)
	}
	file, err := safefile.OpenUnlinked(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	out := io.MultiWriter(file, w.sum)
	if img.img != nil {
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		err = encoder.Encode(out, img.img)
	} else {
		_, err = out.Write(img.data)
	}
	return errors.Join(err, file.Close())
}

// link gives a file another name, which costs no space; where that cannot be, it copies.
func (w *writer) link(from, to string) error {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	file, err := safefile.Open(from)
	if err != nil {
		return err
	}
	defer file.Close() // only read
	info, err := file.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(w.sum, "%q ", from)
	for _, n := range []int64{info.Size(), info.ModTime().UnixNano()} {
		w.sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	}
	if os.Link(from, to) == nil {
		return nil
	}
	if w.copied += info.Size(); w.copied > maxCopied {
		return fmt.Errorf("the files are on another disk and have more than %d GiB in all: name their folder instead", maxCopied>>30)
	}
	out, err := safefile.OpenUnlinked(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, file)
	return errors.Join(err, out.Close())
}

// name is where an image lies in the folder. Two files of one name are told apart by a number.
func (w *writer) name(img one) (string, error) {
	folder := img.label
	base := fmt.Sprintf("%06d", img.index)
	switch {
	case img.path != "":
		base = filepath.Base(img.path)
		if folder == "" {
			folder = filepath.Base(filepath.Dir(img.path))
		}
	case img.img != nil:
		base += ".png"
	default:
		base += ending(img.data)
	}
	if folder != "" && (folder != filepath.Base(folder) || strings.HasPrefix(folder, ".") || folder == string(filepath.Separator)) {
		return "", fmt.Errorf("the label %q cannot be the name of a folder", folder)
	}
	end := filepath.Ext(base)
	for n, stem := 2, strings.TrimSuffix(base, end); w.used[filepath.Join(folder, base)]; n++ {
		base = fmt.Sprintf("%s-%d%s", stem, n, end)
	}
	w.used[filepath.Join(folder, base)] = true
	return filepath.Join(folder, base), nil
}

// ending is the usual one of the format that data has; magics look at the content.
func ending(data []byte) string {
	switch {
	case strings.HasPrefix(string(data[:min(3, len(data))]), "\xff\xd8\xff"):
		return ".jpg"
	case strings.HasPrefix(string(data[:min(4, len(data))]), "\x89PNG"):
		return ".png"
	case strings.HasPrefix(string(data[:min(4, len(data))]), "GIF8"):
		return ".gif"
	case len(data) > 12 && string(data[8:12]) == "WEBP":
		return ".webp"
	}
	return ".img"
}

// removeOld removes the folders that are older than the newest ones. What cannot be removed is tried again the next time.
func removeOld(parent, fresh string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	type aged struct {
		path string
		at   int64
	}
	var folders []aged
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && strings.HasPrefix(entry.Name(), ".new-") && time.Since(info.ModTime()) > time.Hour { // of a program that was killed
			_ = os.RemoveAll(filepath.Join(parent, entry.Name()))
		}
		if err == nil && entry.IsDir() && filepath.Join(parent, entry.Name()) != fresh && !strings.HasPrefix(entry.Name(), ".") {
			folders = append(folders, aged{filepath.Join(parent, entry.Name()), info.ModTime().UnixNano()})
		}
	}
	slices.SortFunc(folders, func(a, b aged) int { return int(min(max(b.at-a.at, -1), 1)) })
	for _, old := range folders[min(keptFolders-1, len(folders)):] {
		_ = os.RemoveAll(old.path)
	}
}
