package nbhelpers

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// recorder is an output that keeps what is shown.
type recorder struct {
	bundles []display.Bundle
	ids     []display.ID
}

func (r *recorder) show(b display.Bundle, id display.ID) error {
	r.bundles, r.ids = append(r.bundles, b), append(r.ids, id)
	return nil
}

func (r *recorder) ask(string, bool) (string, error) { return "", errors.New("nobody to ask") }

type namedRow struct {
	Name   string
	Count  int
	hidden bool
}

type panicking struct{}

func (panicking) Bundle() display.Bundle { panic("torn") }

func TestBundleChoosesForms(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 300, 2))
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, img); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		value any
		mime  string // beside text/plain
		text  string // part of it
	}{
		{"nothing", nil, "", "<nil>"},
		{"string", "<b>", "", "<b>"},
		{"number", 3.5, "", "3.5"},
		{"error", errors.New("torn"), "", "torn"},
		{"markdown", Markdown("**a**"), display.MIMEMarkdown, "**a**"},
		{"html", HTML("<b>a</b>"), display.MIMEHTML, "<b>a</b>"},
		{"image", img, display.MIMEPNG, "300 x 2"},
		{"images", []image.Image{img}, display.MIMEHTML, "1"},
		{"png", encoded.Bytes(), display.MIMEPNG, "image/png"},
		{"writer", &encoded, display.MIMEPNG, "image/png"},
		{"bytes", []byte("a\xffb"), "", "a\uFFFDb"},
		{"strings", [][]string{{"a", "b"}, {"x", "1"}}, display.MIMEHTML, "x  1"},
		{"no strings", [][]string{}, display.MIMEHTML, ""},
		{"structs", []namedRow{{"x", 1, true}, {"yy", 22, false}}, display.MIMEHTML, "yy       22"},
		{"pointers", []*namedRow{{"x", 1, true}, nil}, display.MIMEHTML, "x         1"},
		{"struct", namedRow{"x", 1, true}, display.MIMEHTML, "x         1"},
		{"stringer", time.Minute, "", "1m0s"},
		{"curves", sketch.Curves{Title: "c"}, display.MIMEVegaLite, "c"},
		{"bundle", display.Text("kept"), "", "kept"},
		{"predictions", []prediction.Prediction{{Name: "a.jpg", Top: []prediction.Score{{Class: "<cat>", Probability: 0.5}}}}, display.MIMEHTML, "<cat>"},
		{"report", warm.Report{Model: "m", Split: "val", Accuracy: 0.5, Classes: []warm.ClassReport{{Label: "cat", F1: 1}}}, display.MIMEHTML, "accuracy 50.0 %"},
		{"report of few images", warm.Report{Accuracy: 0.5, AccuracyLow: 0.25, AccuracyHigh: 0.75}, display.MIMEHTML, "accuracy 50.0 % (95 % interval 25.0 % to 75.0 %)"},
		{"fractions", []struct{ Loss float64 }{{2.0 / 3}}, display.MIMEHTML, "0.6667"},
		{"explanation", warm.Explanation{Model: "m", Class: prediction.Score{Class: "cat", Probability: 0.5}, Drawing: warm.Drawing{PNG: encoded.Bytes()}}, display.MIMEPNG, "cat (50.0 %)"},
	} {
		b, err := bundle(test.value)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		text, _ := b.Data[display.MIMEText].(string)
		if !strings.Contains(text, test.text) {
			t.Errorf("%s: the text is %q, want %q in it", test.name, text, test.text)
		}
		if _, ok := b.Data[test.mime]; test.mime != "" && !ok {
			t.Errorf("%s: there is no %s", test.name, test.mime)
		}
	}
	if b, err := bundle([]namedRow{{Name: "<script>"}}); err != nil || strings.Contains(b.Data[display.MIMEHTML].(string), "<script>") {
		t.Errorf("a cell of a table is not escaped: %v, %v", b.Data[display.MIMEHTML], err)
	}
	for _, bad := range []any{image.NewRGBA(image.Rectangle{}), []image.Image{nil}, panicking{}, image.NewUniform(image.Black)} {
		if b, err := bundle(bad); err == nil {
			t.Errorf("%T: %v, want an error", bad, b)
		}
	}
}

func TestProgressIsSlowedDown(t *testing.T) {
	var r recorder
	clock := time.Unix(0, 0)
	p := newProgress(&r, func() time.Time { return clock }, "reading", 1000)
	for range 1000 {
		clock = clock.Add(time.Millisecond)
		if err := p.Add(1); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.bundles); n < 3 || n > 4 {
		t.Errorf("%d updates in a second, want about 2 and the last", n)
	}
	last := r.bundles[len(r.bundles)-1].Data[display.MIMEText].(string)
	if last != "reading: 1,000 in 1.0 s (1,000/s)" {
		t.Errorf("the last is %q", last)
	}
	for _, id := range r.ids {
		if id == "" || id != r.ids[0] {
			t.Errorf("an update went to %q, the first to %q", id, r.ids[0])
		}
	}
}

func TestProgressIsSet(t *testing.T) {
	var r recorder
	p := newProgress(&r, time.Now, "reading", 40)
	for _, done := range []int{10, 25} {
		if err := p.Set(done); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if last := r.bundles[len(r.bundles)-1].Data[display.MIMEText].(string); last != "reading: 25 in less than 1 s, of 40" {
		t.Errorf("the last is %q", last)
	}
}

func TestCurvesEndWithADrawing(t *testing.T) {
	var r recorder
	clock := time.Unix(0, 0)
	var drawn sketch.Curves
	c := newCurves(&r, func() time.Time { return clock }, "loop", 3, func(data sketch.Curves) (warm.Drawing, bool) {
		drawn = data
		return warm.Drawing{PNG: []byte("png"), Width: 2, Height: 1}, true
	})
	for epoch := range 3 {
		clock = clock.Add(time.Second)
		c.Add("loss", "train", 1/float64(epoch+1))
		if epoch == 1 {
			c.Add("loss", "validation", 0.5)
		}
		if err := c.Step(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if len(r.bundles) != 4 {
		t.Errorf("%d outputs, want 4", len(r.bundles))
	}
	last := r.bundles[len(r.bundles)-1]
	if last.Metadata[display.MIMEPNG] == nil {
		t.Error("the drawing has no size")
	}
	if string(last.Data[display.MIMEPNG].([]byte)) != "png" || last.Data[display.MIMEVegaLite] == nil {
		t.Errorf("the last bundle is %v", last)
	}
	if drawn.Status.State != sketch.StateDone || drawn.Epoch != 3 || len(drawn.Panels[0].Lines[1].Values) != 2 || !math.IsNaN(drawn.Panels[0].Lines[1].Values[0]) {
		t.Errorf("drawn was %+v", drawn)
	}
}

// TestFastCurves: in a fast loop the text follows, and the chart is made every few seconds.
func TestFastCurves(t *testing.T) {
	var r recorder
	clock := time.Unix(0, 0)
	drawn := 0
	c := newCurves(&r, func() time.Time { return clock }, "loop", 1000, func(sketch.Curves) (warm.Drawing, bool) {
		drawn++
		return warm.Drawing{}, false
	})
	for range 1000 {
		clock = clock.Add(10 * time.Millisecond)
		c.Add("loss", "train", 1)
		if err := c.Step(); err != nil {
			t.Fatal(err)
		}
	}
	charts := map[string]bool{}
	for _, b := range r.bundles {
		raw, err := json.Marshal(b.Data[display.MIMEVegaLite])
		if err != nil {
			t.Fatal(err)
		}
		charts[string(raw)] = true
	}
	if len(r.bundles) < 15 || len(r.bundles) > 25 || len(charts) > 5 || drawn > 0 {
		t.Errorf("%d updates with %d charts and %d images in 10 s", len(r.bundles), len(charts), drawn)
	}
	if err := c.Close(); err != nil || drawn != 1 {
		t.Errorf("%d images at the end, %v", drawn, err)
	}
	if err := c.Close(); err != nil || drawn != 1 {
		t.Errorf("%d images after a second end, %v", drawn, err)
	}
}

func TestTerminal(t *testing.T) {
	var written strings.Builder
	term := &terminal{in: strings.NewReader("Ada\r\nrest"), out: &written, interactive: true}
	for _, s := range []struct {
		text string
		id   display.ID
	}{{"one", ""}, {"10 %", "p"}, {"20 %", "p"}, {"two", ""}, {"chart\nof two lines", "c"}} {
		if err := term.show(display.Text(s.text), s.id); err != nil {
			t.Fatal(err)
		}
	}
	if want := "one\n\r\x1b[K10 %\r\x1b[K20 %\ntwo\nchart\nof two lines\n"; written.String() != want {
		t.Errorf("written: %q, want %q", written.String(), want)
	}
	if name, err := term.ask("name? ", false); err != nil || name != "Ada" {
		t.Errorf("asked: %q, %v", name, err)
	}
	if rest, _ := io.ReadAll(term.in); string(rest) != "rest" {
		t.Errorf("Ask left %q for others, want %q", rest, "rest")
	}
	if _, err := term.ask("again? ", false); err == nil {
		t.Error("asking at the end of the input gave no error")
	}
}

// fakeGoNB decodes what comes through the pipe as GoNB does, and acknowledges.
func fakeGoNB(t *testing.T) (surroundings, <-chan protocol.DisplayData) {
	t.Helper()
	dir := t.TempDir()
	s := surroundings{toGoNB: filepath.Join(dir, "to"), fromGoNB: filepath.Join(dir, "from")}
	for _, path := range []string{s.toGoNB, s.fromGoNB} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan protocol.DisplayData, 16)
	go func() {
		defer close(got)
		reader, err := os.Open(s.toGoNB)
		if err != nil {
			return
		}
		defer reader.Close()
		writer, err := os.OpenFile(s.fromGoNB, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer writer.Close()
		decoder, encoder := gob.NewDecoder(reader), gob.NewEncoder(writer)
		for {
			var data protocol.DisplayData
			if decoder.Decode(&data) != nil {
				return
			}
			value, ok := data.Data[protocol.MIMECommValue].(protocol.CommValue)
			if !ok {
				got <- data
				continue
			}
			if encoder.Encode(protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: value.Value}) != nil {
				return
			}
		}
	}()
	return s, got
}

func TestGoNBReceivesEveryForm(t *testing.T) {
	s, got := fakeGoNB(t)
	p := open(s)
	curves := sketch.Curves{Title: "c", Best: 1, Panels: []sketch.Panel{{Name: "loss", Lines: []sketch.Line{{Name: "train", Values: []float64{1, math.NaN()}}}}}}
	b := curvesBundle(curves)
	b = withDrawing(b, warm.Drawing{PNG: []byte("png"), Width: 2, Height: 1})
	if err := p.show(b, "id1"); err != nil {
		t.Fatal(err)
	}
	data := <-got
	if data.DisplayID != "id1" || string(data.Data[display.MIMEPNG].([]byte)) != "png" {
		t.Errorf("got %v", data)
	}
	if spec, ok := data.Data[display.MIMEVegaLite].(map[string]any); !ok || spec["hconcat"] == nil {
		t.Errorf("the specification arrived as %v", data.Data[display.MIMEVegaLite])
	}
	if size, ok := data.Metadata[display.MIMEPNG].(map[string]any); !ok || fmt.Sprint(size["width"]) != "2" {
		t.Errorf("the metadata arrived as %v", data.Metadata)
	}
	if b := withDrawing(display.Text("t"), warm.Drawing{PNG: []byte("png"), HTML: "<p>"}); b.Data[display.MIMEHTML] != "<p>" {
		t.Errorf("the HTML of a drawing is lost: %v", b.Data)
	}
	if err := p.show(display.Text("second"), ""); err != nil {
		t.Fatal(err)
	}
	if data := <-got; data.Data[protocol.MIMETextPlain] != "second" || data.DisplayID != "" {
		t.Errorf("got %v", data)
	}
}

func TestAskThroughGoNB(t *testing.T) {
	s, got := fakeGoNB(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	s.in = reader
	go func() {
		<-got
		_, _ = writer.WriteString("secret\n")
	}()
	if answer, err := open(s).ask("password? ", true); err != nil || answer != "secret" {
		t.Errorf("answered %q, %v", answer, err)
	}
}

func TestGoNBThatDies(t *testing.T) {
	s, _ := fakeGoNB(t)
	if err := os.Remove(s.fromGoNB); err != nil {
		t.Fatal(err)
	}
	p := open(s)
	for range 2 {
		if err := p.show(display.Text("x"), ""); err == nil {
			t.Error("a torn pipe gave no error")
		}
	}
}
