// Package overflow puts what is more than front ends can show into a file, as text.
package overflow

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// Bounds of a cell's text in bytes. A browser tab that shows much more stops responding, which an endless loop of prints
// would otherwise cause within seconds. ipykernel has none; Jupyter's server drops what exceeds 1 MB a second.
const (
	maxShown    = 2 << 20
	maxOutputs  = 2000      // outputs besides text: an endless loop of them is as bad
	maxOverflow = 256 << 20 // in the file
	shownTail   = 4 << 10   // of what is in the file, shown at the cell's end
)

// Text takes the text of one cell, of which it keeps what is more than front ends can show.
type Text struct {
	Folder string // for the file; empty: the text is dropped
	Count  int    // of the cell; 0: it has none, and its file's name says nothing

	shown  int64 // bytes of text that were shown
	hidden int64 // bytes of text that were not
	others int   // outputs besides text that were shown since the last clear
	left   int   // outputs besides text that were not
	fast   bool  // whether text was left out because it came too fast
	tail   []byte
	file   *os.File
	err    error // why the file lacks text
}

// Take returns the part of a text that is shown. The rest is kept.
func (o *Text) Take(text string) (shown string) {
	if room := maxShown - o.shown; int64(len(text)) > room {
		cut := int(max(room, 0))
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		o.hide(text[cut:])
		text = text[:cut]
	}
	o.shown += int64(len(text))
	return text
}

// Output counts an output besides text and says whether it is shown. Of one that is not the text is kept, with all that follows it.
func (o *Text) Output(text string) (shown bool) {
	if o.others < maxOutputs {
		o.others++
		return true
	}
	o.left++
	o.hide(text + "\n")
	return false
}

// TooFast keeps text that Take returned and that the cell has no time to show, since it would be more in a second than front ends
// take. It precedes what is kept by now.
func (o *Text) TooFast(text string) {
	o.fast = true
	o.tail = append([]byte(text), o.tail...)
	o.count(text)
	if o.file != nil && o.err == nil {
		o.err = insert(o.file, text)
	}
}

// Clear is for a cell whose outputs were removed. After text that was kept, nothing more is shown.
func (o *Text) Clear() {
	o.others = 0
	if o.hidden == 0 {
		o.shown = 0
	}
}

func (o *Text) hide(text string) {
	o.tail = append(o.tail, text...)
	o.count(text)
	if o.file == nil || o.err != nil || o.hidden > maxOverflow {
		return
	}
	_, o.err = o.file.WriteString(text)
}

// count notes text that is not shown, for which the first opens the file.
func (o *Text) count(text string) {
	o.shown = maxShown // nothing that follows is shown, even if it were short
	if extra := len(o.tail) - shownTail; extra > 0 {
		o.tail = append(o.tail[:0], o.tail[extra:]...)
	}
	if o.hidden == 0 && o.Folder != "" {
		o.file, o.err = o.open()
	}
	o.hidden += int64(len(text))
}

// insert writes text before what a file has. The file may be too large for the memory, so that it is moved in pieces, the last first.
func insert(file *os.File, text string) error {
	at, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	piece := make([]byte, min(at, 1<<20))
	for at > 0 {
		piece = piece[:min(at, int64(len(piece)))]
		at -= int64(len(piece))
		if _, err := file.ReadAt(piece, at); err != nil {
			return err
		}
		if _, err := file.WriteAt(piece, at+int64(len(text))); err != nil {
			return err
		}
	}
	if _, err := file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	_, err = file.Seek(0, io.SeekEnd)
	return err
}

// open makes the file of this cell in place of that of an earlier run. What has no number replaces nothing.
func (o *Text) open() (*os.File, error) {
	folder := filepath.Join(o.Folder, "output")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if o.Count == 0 {
		return os.CreateTemp(folder, "unnumbered-*.txt")
	}
	return safefile.OpenUnlinked(filepath.Join(folder, fmt.Sprintf("cell-%d.txt", o.Count)), os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
}

// End returns the text that closes the cell's output; empty where all was shown.
func (o *Text) End() string {
	if o.hidden == 0 {
		return ""
	}
	where := "they are lost, since this kernel has no folder for them"
	switch {
	case o.err != nil:
		where = "they could not be kept: " + o.err.Error()
	case o.file != nil && o.hidden > maxOverflow:
		where = fmt.Sprintf("the first %d MiB of them are in %s until the kernel ends", maxOverflow>>20, o.file.Name())
	case o.file != nil:
		where = fmt.Sprintf("they are in %s until the kernel ends", o.file.Name())
	}
	if o.file != nil {
		_ = o.file.Close() // what could not be written was seen by the write
	}
	tail := bytes.ToValidUTF8(o.tail, nil)
	if at := bytes.IndexByte(tail, '\n'); at >= 0 && o.hidden > int64(len(o.tail)) {
		tail = tail[at+1:] // whole lines
	}
	limit, more := fmt.Sprintf("%d MiB of text", maxShown>>20), fmt.Sprintf("%d bytes more were printed", o.hidden)
	if o.left > 0 {
		limit += fmt.Sprintf(" and %d other outputs", maxOutputs)
		more = fmt.Sprintf("%d outputs more, with all that was printed after them, are %d bytes of text", o.left, o.hidden)
	}
	if o.fast {
		limit += ", less where text comes faster than front ends take it"
	}
	return fmt.Sprintf("\n[a cell shows up to %s; %s, and %s; they end with:]\n%s", limit, more, where, tail)
}
