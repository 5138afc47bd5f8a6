// Package palette is the colors that all figures share.
package palette

import (
	"image/color"
	"math"
	"strconv"

	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// rgb reads a color of package sketch, "#RRGGBB".
func rgb(hex string) color.NRGBA {
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		return color.NRGBA{A: 255}
	}
	return color.NRGBA{R: uint8(n >> 16), G: uint8(n >> 8), B: uint8(n), A: 255}
}

// The colors of what every figure has.
var (
	Ink   = rgb(sketch.Ink)   // text
	Faint = rgb(sketch.Faint) // notes, axes
	Rule  = rgb(sketch.Grid)  // grid lines
	Paper = rgb(sketch.Paper) // the background
	Wash  = rgb("#F2F2F2")    // empty frames, the empty part of a bar

	Right = rgb("#009E73") // of Okabe and Ito; the tick and the cross tell them apart as well
	Wrong = rgb("#D55E00")
)

// Of is a color that package sketch names, "#RRGGBB".
func Of(hex string) color.NRGBA { return rgb(hex) }

// Series is the color of the i-th series.
func Series(i int) color.NRGBA {
	colors := sketch.Palette()
	return rgb(colors[i%len(colors)])
}

// Mix interpolates from a to b as weight goes from 0 to 1.
func Mix(a, b color.NRGBA, weight float64) color.NRGBA {
	weight = min(1, max(0, weight))
	at := func(x, y uint8) uint8 { return uint8(float64(x) + (float64(y)-float64(x))*weight + 0.5) }
	return color.NRGBA{R: at(a.R, b.R), G: at(a.G, b.G), B: at(a.B, b.B), A: 255}
}

// Readable is the color of the text with the higher contrast on a background: paper or ink.
func Readable(background color.NRGBA) color.NRGBA {
	if luminance(background) < 0.179 { // where the contrast to black and to white is the same
		return Paper
	}
	return Ink
}

// luminance is relative luminance in [0, 1] (WCAG 2.2).
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		if s := float64(v) / 255; s > 0.04045 {
			return math.Pow((s+0.055)/1.055, 2.4)
		} else {
			return s / 12.92
		}
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// heatStops is the color map inferno, sampled at ninths (Smith and van der Walt, matplotlib 2015): its lightness rises
// linearly, so that it is readable in gray and by color-blind people.
var heatStops = [...]color.NRGBA{
	rgb("#000004"), rgb("#1B0C41"), rgb("#4A0C6B"), rgb("#781C6D"), rgb("#A52C60"), rgb("#CF4446"), rgb("#ED6925"), rgb("#FB9B06"),
	rgb("#F7D13D"), rgb("#FCFFA4"),
}

// Heat is the color of a value in [0, 1].
func Heat(v float64) color.NRGBA {
	at := min(1, max(0, v)) * float64(len(heatStops)-1)
	i := min(int(at), len(heatStops)-2)
	return Mix(heatStops[i], heatStops[i+1], at-float64(i))
}
