package sampleset

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// TestSourceClassesAreOthers holds the classes of the pretrained weights apart from all that Write can draw: by the names
// of classes, shapes and patterns, and by what is drawn.
func TestSourceClassesAreOthers(t *testing.T) {
	own := map[string]bool{}
	for _, s := range shapes() {
		own[s.name] = true
	}
	for _, p := range patterns() {
		own[p.name], own[p.adjective] = true, true
	}
	for _, k := range kinds() {
		own[k.name()] = true
	}
	seen := map[string]bool{}
	for _, class := range SourceClasses() {
		if own[class.Name] || own[class.Shape] || own[class.Pattern] || seen[class.Name] {
			t.Errorf("the source class %v is among the sample's, or there twice", class)
		}
		seen[class.Name] = true
	}
	for i, class := range SourceClasses() {
		for _, line := range linePatterns() {
			if i < BaseClasses && class.Pattern == line.name {
				t.Errorf("class %d, %v, has a line pattern", i, class)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("%d source classes, want 40 or more", len(seen))
	}
	for _, s := range sourceShapes() {
		if own[s.name] {
			t.Errorf("the source shape %s is one of the sample's", s.name)
		}
		for _, other := range shapes() {
			if overlap := bestOverlap(s, other); overlap > 0.93 {
				t.Errorf("the source shape %s looks like %s: overlap %.2f", s.name, other.name, overlap)
			}
		}
	}
	for _, p := range append(sourcePatterns(), linePatterns()...) {
		if own[p.name] || own[p.adjective] {
			t.Errorf("the source pattern %s is one of the sample's", p.name)
		}
		for _, other := range patterns() {
			if same := bestMatch(p, other); same > 0.93 {
				t.Errorf("the source pattern %s looks like %s: match %.2f", p.name, other.name, same)
			}
		}
	}
}

// bestOverlap is the largest intersection over union of two shapes over rotations and sizes of the second.
func bestOverlap(a, b shape) float64 {
	best := 0.0
	for _, size := range []float64{0.7, 0.8, 0.9, 1, 1.1, 1.2} {
		for degrees := 0; degrees < 360; degrees += 10 {
			sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
			both, either := 0, 0
			for x := -1.2; x <= 1.2; x += 0.05 {
				for y := -1.2; y <= 1.2; y += 0.05 {
					inA := a.distance(x, y) < 0
					inB := b.distance((x*cos+y*sin)/size, (y*cos-x*sin)/size) < 0
					if inA && inB {
						both++
					}
					if inA || inB {
						either++
					}
				}
			}
			best = max(best, float64(both)/float64(either))
		}
	}
	return best
}

// bestMatch is the largest fraction of points where two patterns have the same color, over rotations, periods and shifts of
// the second, whose colors may be exchanged.
func bestMatch(a, b pattern) float64 {
	best := 0.0
	for _, period := range []float64{0.5, 0.75, 1, 1.5, 2} {
		for degrees := 0; degrees < 180; degrees += 15 {
			sin, cos := math.Sincos(float64(degrees) * math.Pi / 180)
			for shift := range 16 {
				dx, dy := float64(shift%4)/4, float64(shift/4)/4
				same, all := 0, 0
				for x := -2.0; x < 2; x += 0.13 {
					for y := -2.0; y < 2; y += 0.13 {
						dark := b.value((x*cos+y*sin)/period+dx, (y*cos-x*sin)/period+dy) < 0.5
						if (a.value(x, y) < 0.5) == dark {
							same++
						}
						all++
					}
				}
				match := float64(same) / float64(all)
				best = max(best, match, 1-match)
			}
		}
	}
	return best
}

func TestSourceShapesFitTheirSize(t *testing.T) {
	for _, s := range sourceShapes() {
		inked := false
		for x := -1.4; x <= 1.4; x += 0.05 {
			for y := -1.4; y <= 1.4; y += 0.05 {
				inside := s.distance(x, y) < 0
				inked = inked || inside
				if inside && math.Hypot(x, y) > 1.2 {
					t.Errorf("the %s reaches beyond its size at %.2f, %.2f", s.name, x, y)
				}
			}
		}
		if !inked {
			t.Errorf("the %s is empty", s.name)
		}
	}
	for _, p := range sourcePatterns() {
		var values []float64
		for x := -2.0; x < 2; x += 0.07 {
			for y := -2.0; y < 2; y += 0.07 {
				values = append(values, p.value(x, y))
			}
		}
		if low, high := slices.Min(values), slices.Max(values); low < 0 || high > 1 || low > 0.1 || high < 0.9 {
			t.Errorf("the pattern %s has values from %.2f to %.2f", p.name, low, high)
		}
	}
}

func TestSourceDrawsTheSameAgain(t *testing.T) {
	draw := func(seed int64, i int) []byte {
		source, err := NewSource(BaseClasses, 48, seed)
		if err != nil {
			t.Fatal(err)
		}
		return source.Draw(i).Pix
	}
	first := draw(1, 7)
	if !bytes.Equal(first, draw(1, 7)) {
		t.Error("the same number is another image")
	}
	if bytes.Equal(first, draw(2, 7)) || bytes.Equal(first, draw(1, 7+len(SourceClasses()))) {
		t.Error("another seed or number is the same image")
	}
	for _, side := range []int{0, -5, 1 << 20} {
		if _, err := NewSource(BaseClasses, side, 1); err == nil {
			t.Errorf("%d pixels were accepted", side)
		}
	}
}
