package sketch

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestLabel(t *testing.T) {
	for _, test := range []struct {
		in    string
		width int
		want  string
	}{
		{"plain", 0, "plain"}, {"a\nb\tc", 0, "a b c"}, {"\x1b[31mred", 0, "[31mred"}, {"a\u202egpj.exe", 0, "agpj.exe"},
		{"torn\xff", 0, "torn\uFFFD"}, {"long name", 5, "long…"}, {"日本語の名前", 5, "日本…"}, {"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"}, {"ab", 1, "…"},
	} {
		if got := Label(test.in, test.width); got != test.want {
			t.Errorf("Label(%q, %d) = %q, want %q", test.in, test.width, got, test.want)
		}
	}
}

func FuzzLabel(f *testing.F) {
	f.Add("a\x1b[0m\u202e日\xff", 4)
	f.Fuzz(func(t *testing.T, s string, width int) {
		got := Label(s, width)
		if width > 0 && Width(got) > width {
			t.Errorf("Label(%q, %d) = %q is %d wide", s, width, got, Width(got))
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("Label(%q, %d) = %q holds %U", s, width, got, r)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"0.0000": Number(0), "1.234": Number(1.2344), "12.35": Number(12.346), "-0.5000": Number(-0.5), "12346": Number(12345.6), "1.00e-05": Number(1e-5),
		"–": Number(math.NaN()), "91.2 %": Percent(0.912), "23,587,712": Count(23587712), "-1,000": Count(-1000), "0": Count(0),
		"0:01": Clock(time.Millisecond), "12:34": Clock(754 * time.Second), "1:02:03": Clock(3723 * time.Second), "0:00": Clock(-time.Hour),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestProgressFitsItsWidth(t *testing.T) {
	p := Progress{Label: "features of a folder", Done: 213, Total: 480, Unit: "images", Rate: 34.2, Left: 8 * time.Second}
	for width := 10; width < 160; width++ {
		if line := p.Text(width); Width(line) > width || strings.Contains(line, "\n") {
			t.Errorf("at %d columns: %q is %d wide", width, line, Width(line))
		}
	}
	for _, odd := range []Progress{{}, {Done: -5, Total: 3}, {Done: 9, Total: 3}, {Done: math.MinInt, Total: math.MaxInt}, {Rate: math.Inf(1), Left: -1}} {
		if line := odd.Text(60); Width(line) > 60 {
			t.Errorf("%+v: %q", odd, line)
		}
	}
}

// TestTheBarHasOneWidth: a bar that grows and shrinks with the numbers beside it jumps.
func TestTheBarHasOneWidth(t *testing.T) {
	width := 0
	for _, p := range []Progress{
		{Label: "features", Total: 480, Unit: "images"}, {Label: "features", Done: 9, Total: 480, Unit: "images", Rate: 3.25, Left: 2 * time.Hour},
		{Label: "features", Done: 99, Total: 480, Unit: "images", Rate: 12034, Left: 59 * time.Minute}, {Label: "features", Done: 480, Total: 480, Unit: "images", Rate: 120},
	} {
		line := p.Text(80)
		bar := strings.Count(line, "█") + strings.Count(line, "░")
		for _, r := range "▏▎▍▌▋▊▉" {
			bar += strings.Count(line, string(r))
		}
		if width == 0 {
			width = bar
		}
		if bar != width || Width(line) > 80 {
			t.Errorf("%q has a bar of %d columns, the first one %d", line, bar, width)
		}
	}
}

func TestProgressThatHasEnded(t *testing.T) {
	for want, p := range map[string]Progress{
		"features: 480 images in 4.0 s (120/s)":           {Label: "features", Done: 480, Total: 480, Unit: "images", Took: 4 * time.Second},
		"features: 213 images in 1:01:01 (0.1/s), of 480": {Label: "features", Done: 213, Total: 480, Unit: "images", Took: 3661 * time.Second},
		"0 in less than 1 s":                              {Took: time.Millisecond},
	} {
		if got := p.Text(80); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLinesGoThroughJSON(t *testing.T) {
	raw, err := json.Marshal(Line{Name: "train", Values: []float64{1, math.NaN(), math.Inf(1)}})
	if err != nil || string(raw) != `{"name":"train","values":[1,null,null]}` {
		t.Fatalf("%s, %v", raw, err)
	}
	var back Line
	if err := json.Unmarshal(raw, &back); err != nil || len(back.Values) != 3 || back.Values[0] != 1 || !math.IsNaN(back.Values[2]) {
		t.Errorf("came back as %v, %v", back, err)
	}
}

func TestLogWhenItHelps(t *testing.T) {
	for _, test := range []struct {
		values   []float64
		fraction bool
		want     bool
	}{{[]float64{300, 1}, false, true}, {[]float64{3, 1}, false, false}, {[]float64{300, 0}, false, false}, {[]float64{1, 0.001}, true, false}, {nil, false, false}} {
		if got := (Panel{Fraction: test.fraction, Lines: []Line{{Values: test.values}}}).Log(); got != test.want {
			t.Errorf("%v: %v", test.values, got)
		}
	}
}

func FuzzCurves(f *testing.F) {
	f.Add(1.0, 2.0, -3.0, 80, 3, 2)
	f.Add(math.NaN(), math.Inf(1), math.MaxFloat64, -5, 1<<30, -1)
	f.Add(-math.MaxFloat64, math.MaxFloat64, 5e-324, 40, 0, 1<<40)
	f.Fuzz(func(t *testing.T, a, b, c float64, width, epochs, best int) {
		curves := Curves{Epochs: min(epochs, 1<<20), Best: best, Panels: []Panel{{Name: "x", Lines: []Line{{Name: "y", Values: []float64{a, b, c}}}}, {Fraction: true, Lines: []Line{{Values: []float64{c, a}}}}}}
		for _, line := range strings.Split(curves.Text(min(width, 400)), "\n") {
			if Width(line) > max(narrowest, min(width, 400)) {
				t.Errorf("%d columns: %q", width, line)
			}
		}
		if _, err := json.Marshal(curves.VegaLite()); err != nil {
			t.Error(err)
		}
	})
}

func ExampleProgress_Text() {
	p := Progress{Label: "features", Done: 240, Total: 480, Unit: "images", Rate: 34.2, Left: 7 * time.Second}
	fmt.Println(p.Text(72))
	// Output: features ████████▌░░░░░░░░  50 % 240/480 images · 34.2/s · 0:07 left
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 1500: "1.5 kB", 999_960: "1.0 MB", 3_210_000_000: "3.2 GB", math.MaxInt64: "9.2 EB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
