// Package result chooses how a notebook shows a Go value: its text, and beside it an image or a table.
//
// It is light, since every Go cell that ends in an expression links it: it knows the standard library's types, and what has
// a method Bundle.
package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Of chooses the forms of a value.
//
//   - anything with a method Bundle() display.Bundle, and display.Bundle itself: what it says
//   - errors: their text
//   - image.Image, and []byte and io.WriterTo that hold a PNG or a JPEG: an image
//   - slices of structs or of pointers to structs, unexported fields too, and maps: a table
//   - all else: as fmt prints it with %+v; what is very long is cut
//
// A panic in the value's own method becomes an error.
func Of(v any) (b display.Bundle, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("show a %T: it panicked: %v", v, r)
		}
	}()
	switch v := v.(type) {
	case display.Bundle:
		return v, nil
	case interface{ Bundle() display.Bundle }:
		if !isNil(v) {
			return v.Bundle(), nil
		}
	case error:
		if !isNil(v) {
			return display.Text(v.Error()), nil
		}
	case []byte:
		return Bytes(v), nil
	case image.Image:
		if !isNil(v) {
			return Image(v)
		}
	case io.WriterTo:
		if b, ok := written(v); ok {
			return b, nil
		}
	}
	if table, ok := Structs(v, true); ok && isList(v) {
		return Rich(table), nil
	}
	if table, ok := entries(v); ok {
		return Rich(table), nil
	}
	return display.Text(text(v)), nil
}

func isNil(v any) bool {
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && value.IsNil()
}

func isList(v any) bool {
	kind := reflect.TypeOf(v).Kind()
	return kind == reflect.Slice || kind == reflect.Array
}

// readers are the packages whose writers to something are streams: reading one to show it would use it up.
var readers = []string{"bytes", "strings", "bufio", "net", "os", "io"}

// written is the image that a value writes.
func written(v io.WriterTo) (b display.Bundle, ok bool) {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isNil(v) || slices.Contains(readers, t.PkgPath()) {
		return b, false
	}
	var buffer bytes.Buffer
	if _, err := v.WriteTo(&buffer); err != nil {
		return b, false
	}
	return imageBytes(buffer.Bytes())
}

// Rich is the bundle of a table.
func Rich(t sketch.Table) display.Bundle {
	return display.Bundle{Data: map[string]any{display.MIMEHTML: t.HTML(), display.MIMEText: t.Text()}}
}

// imageBytes recognizes an image by its first bytes.
func imageBytes(data []byte) (b display.Bundle, ok bool) {
	for mime, start := range map[string]string{display.MIMEPNG: "\x89PNG\r\n\x1a\n", display.MIMEJPEG: "\xff\xd8\xff"} {
		if bytes.HasPrefix(data, []byte(start)) {
			text := fmt.Sprintf("%s, %s bytes", mime, sketch.Count(len(data)))
			return display.Bundle{Data: map[string]any{mime: data, display.MIMEText: text}}, true
		}
	}
	return b, false
}

// Bytes is the image that they hold, else their text.
func Bytes(data []byte) display.Bundle {
	if b, ok := imageBytes(data); ok {
		return b
	}
	if len(data) > mostText {
		return display.Text(strings.ToValidUTF8(string(data[:mostText]), "\uFFFD") + fmt.Sprintf("… (%s bytes)", sketch.Count(len(data))))
	}
	return display.Text(strings.ToValidUTF8(string(data), "\uFFFD"))
}

// mostPixels is the largest image that is shown: larger ones make a notebook file too large to open.
const mostPixels = 40_000_000

// Image is the bundle of an image, as PNG.
func Image(img image.Image) (display.Bundle, error) {
	r := img.Bounds()
	if r.Empty() {
		return display.Bundle{}, errors.New("show an image: it is empty")
	}
	if r.Dx() > mostPixels/r.Dy() {
		return display.Bundle{}, fmt.Errorf("show an image of %d x %d pixels: the limit is %d pixels; scale it down first", r.Dx(), r.Dy(), mostPixels)
	}
	var buffer bytes.Buffer
	if err := png.Encode(&buffer, img); err != nil {
		return display.Bundle{}, fmt.Errorf("show an image of %d x %d pixels: encode it as PNG: %w", r.Dx(), r.Dy(), err)
	}
	return display.Bundle{Data: map[string]any{display.MIMEPNG: buffer.Bytes(), display.MIMEText: imageText(img)}}, nil
}

func imageText(img image.Image) string {
	return fmt.Sprintf("image of %d x %d pixels", img.Bounds().Dx(), img.Bounds().Dy())
}

// Write writes the bundle of an expression's values to a file, as JSON. Where a call returned several values, the last of
// which is an error, the error is shown if there is one, else the others.
func Write(file string, of func(any) (display.Bundle, error), values ...any) {
	b := several(of, values)
	data, err := json.Marshal(b)
	if err != nil {
		data, err = json.Marshal(display.Text(fmt.Sprintf("show a value: %v", err)))
	}
	if err == nil {
		err = os.WriteFile(file, data, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "show a value:", err)
	}
}

func several(of func(any) (display.Bundle, error), values []any) display.Bundle {
	one := func(v any) display.Bundle {
		b, err := of(v)
		if err != nil {
			return display.Text(err.Error())
		}
		return b
	}
	if len(values) == 1 {
		return one(values[0])
	}
	var texts []string
	for _, v := range values {
		text, _ := one(v).Data[display.MIMEText].(string)
		texts = append(texts, text)
	}
	return display.Text(strings.Join(texts, "\n"))
}

// mostText is how much of a value's text is shown, in bytes.
const mostText = 100_000

// text is a value as fmt prints it with %+v. Of a long list it prints the ends, and how long it is.
func text(v any) string {
	value := reflect.ValueOf(v)
	_, prints := v.(fmt.Formatter)
	if _, stringer := v.(fmt.Stringer); stringer {
		prints = true
	}
	if !prints && value.IsValid() {
		switch value.Kind() {
		case reflect.Slice, reflect.Array:
			if value.Len() > mostRows {
				return ends(value)
			}
		case reflect.String:
			if value.Len() > mostText {
				return cut(value.String(), value.Len())
			}
		}
	}
	text := fmt.Sprintf("%+v", v)
	return cut(text, len(text))
}

func cut(text string, size int) string {
	if len(text) <= mostText {
		return text
	}
	at := mostText
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + fmt.Sprintf("… (%s bytes)", sketch.Count(size))
}

// ends prints the ends of a long list.
func ends(list reflect.Value) string {
	const first, last = 20, 3
	var b strings.Builder
	b.WriteString("[")
	for i := range first {
		b.WriteString(brief(list.Index(i)) + " ")
	}
	b.WriteString("…")
	for i := list.Len() - last; i < list.Len(); i++ {
		b.WriteString(" " + brief(list.Index(i)))
	}
	return b.String() + "] (" + sketch.Count(list.Len()) + " elements)"
}
