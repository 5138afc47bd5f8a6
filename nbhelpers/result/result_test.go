package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

var update = flag.Bool("update", false, "write the golden file anew")

type photo struct {
	Path   string
	size   int
	ratio  float64
	img    image.Image
	tags   []string
	parent *photo
	_      int
}

type own struct{}

func (own) Bundle() display.Bundle {
	return display.Bundle{Data: map[string]any{display.MIMEText: "own", "text/html": "<b>own</b>"}}
}

type torn struct{}

func (torn) Bundle() display.Bundle { panic("torn") }

type celsius float64

func (c celsius) String() string { return fmt.Sprintf("%.1f °C", float64(c)) }

// plot writes itself as a PNG, as gonum's do.
type plot struct{ img image.Image }

func (p plot) WriteTo(w io.Writer) (int64, error) { return 0, png.Encode(w, p.img) }

func TestForms(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 3, 2))
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, img); err != nil {
		t.Fatal(err)
	}
	first := &photo{Path: "a<b>.jpg", size: 10, ratio: 1.0 / 3, img: img, tags: []string{"x", "y"}}
	long := make([]int, 2000)
	var nobody *photo
	var nothing error
	var noImage *image.Gray
	var out strings.Builder
	for _, test := range []struct {
		name  string
		value any
	}{
		{"nil", nil}, {"nil error", nothing}, {"nil pointer", nobody}, {"nil image", noImage},
		{"int", 42}, {"float", math.Pi}, {"string", "text\nof two lines"}, {"struct", struct{ A, b int }{1, 2}},
		{"pointer", &struct{ A int }{1}}, {"ints", []int{1, 2, 3}}, {"long list", long}, {"strings", []string{"a", "b c"}},
		{"error", fmt.Errorf("open x: %w", os.ErrNotExist)}, {"stringer", celsius(21.55)}, {"time", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		{"duration", 90 * time.Second}, {"durations", []time.Duration{time.Second}}, {"times", []time.Time{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
		{"map", map[string]int{"b": 2, "a": 1}}, {"map of ints", map[int]string{10: "ten", 9: "nine"}}, {"empty map", map[string]int{}},
		{"map of structs", map[string]photo{"k": *first}}, {"map of floats", map[float64]bool{2.5: true, -1: false}},
		{"structs", []photo{*first, {Path: "c", parent: first}}}, {"pointers to structs", []*photo{first, nil}}, {"no structs", []photo{}},
		{"array of structs", [1]struct{ X any }{{map[string]int{"a": 1}}}},
		{"image", img}, {"PNG", encoded.Bytes()}, {"bytes", []byte("plain")}, {"plot", plot{img}}, {"buffer", bytes.NewBufferString("stays")},
		{"empty image", image.NewGray(image.Rect(0, 0, 0, 0))},
		{"bundle", display.Text("bundled")}, {"own", own{}}, {"torn", torn{}}, {"func", (func())(nil)}, {"channel", (chan int)(nil)},
	} {
		b, err := Of(test.value)
		fmt.Fprintf(&out, "-- %s --\n", test.name)
		if err != nil {
			fmt.Fprintf(&out, "error: %v\n", err)
			continue
		}
		var mimes []string
		for mime := range b.Data {
			mimes = append(mimes, mime)
		}
		slices.Sort(mimes)
		for _, mime := range mimes {
			if data, ok := b.Data[mime].([]byte); ok {
				fmt.Fprintf(&out, "%s: %d bytes\n", mime, len(data))
			} else {
				fmt.Fprintf(&out, "%s: %v\n", mime, b.Data[mime])
			}
		}
	}
	const golden = "testdata/forms.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShowingUsesNothingUp(t *testing.T) {
	buffer := bytes.NewBufferString("\x89PNG\r\n\x1a\nrest")
	if _, err := Of(buffer); err != nil || buffer.Len() != 12 {
		t.Errorf("%v, %d bytes are left", err, buffer.Len())
	}
}

// What is huge is shown in part, and soon.
func TestHugeValuesAreCut(t *testing.T) {
	rows := make([]photo, 100_000)
	for _, value := range []any{make([]byte, 50<<20), strings.Repeat("ü", 10<<20), make([]float64, 10<<20), rows, map[string][]byte{"a": make([]byte, 10<<20)}} {
		b, err := Of(value)
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := b.Data[display.MIMEText].(string); len(text) > 300_000 || text == "" {
			t.Errorf("the text of a %T has %d bytes", value, len(text))
		}
	}
	b, err := Of(rows)
	if text, _ := b.Data[display.MIMEText].(string); err != nil || !strings.HasSuffix(text, "99,000 more rows are not shown") {
		t.Errorf("%v, %q", err, text[max(0, len(text)-100):])
	}
}

// No key finds the value of a key that is not a number, and all keys print in one order.
func TestEveryEntryOfAMapHasItsValue(t *testing.T) {
	for _, test := range []struct {
		value any
		want  []string
	}{
		{map[float64]string{math.NaN(): "lost", math.Inf(1): "high", 1: "one"}, []string{"lost", "one", "high"}},
		{map[float64]photo{math.NaN(): {Path: "lost.jpg"}}, []string{"lost.jpg"}},
		{map[any]string{math.NaN(): "lost", "b": "text"}, []string{"lost", "text"}},
		{map[[2]int]string{{2, 1}: "third", {1, 2}: "second", {1, 1}: "first"}, []string{"first", "second", "third"}},
	} {
		b, err := Of(test.value)
		text, _ := b.Data[display.MIMEText].(string)
		at := -1
		for _, want := range test.want {
			next := strings.Index(text, want)
			if err != nil || next <= at {
				t.Errorf("%v: %v, in\n%s", want, err, text)
			}
			at = next
		}
	}
}

// A dash for all of them would hide which values are infinite, and powers of ten which times differ.
func TestFloatsOfATableCanBeToldApart(t *testing.T) {
	b, err := Of([]struct{ V float64 }{{math.NaN()}, {math.Inf(1)}, {math.Inf(-1)}, {1764590241}, {1764590242.4}, {-12345678}, {1e20}, {0.5}})
	want := "         V\n──────────\n       NaN\n      +Inf\n      -Inf\n1764590241\n1764590242\n -12345678\n  1.00e+20\n    0.5000"
	if text, _ := b.Data[display.MIMEText].(string); err != nil || text != want {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestWriteSeveralValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "value")
	for _, test := range []struct {
		values []any
		want   string
	}{
		{[]any{1}, "1"}, {[]any{1, "b"}, "1\nb"}, {[]any{errors.New("wrong")}, "wrong"}, {[]any{torn{}}, "show a result.torn: it panicked: torn"},
	} {
		Write(file, Of, test.values...)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var b display.Bundle
		if err := json.Unmarshal(data, &b); err != nil || b.Data[display.MIMEText] != test.want {
			t.Errorf("%v: %v, %v", test.values, b, err)
		}
	}
}
