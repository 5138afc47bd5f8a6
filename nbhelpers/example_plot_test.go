package nbhelpers_test

import (
	"log"

	"github.com/headstart-nb/headstart/nbhelpers"
)

// Several lines in one chart, each with its name. A notebook shows an image and an interactive chart.
func ExampleLine() {
	var x, up, down []float64
	for i := range 21 {
		v := float64(i) / 20
		x, up, down = append(x, v), append(up, v*v), append(down, 1-v)
	}
	plot := nbhelpers.Overlay(nbhelpers.Line(x, up).As("up"), nbhelpers.Line(x, down).As("down")).Titled("two lines", "x", "y")
	if err := nbhelpers.Show(plot); err != nil {
		log.Fatal(err)
	}
	// Output:
	// two lines
	// ○ up
	// ● down
	// y
	//   1.050 ┤   ●·                                                     ·○
	//         │     ·●·●·                                             ·○·
	//         │          ·●··●·                                     ·○
	//         │                ·●··●·                            ·○·
	//         │                      ·●·●·                 ·○··○·
	//  0.5000 ┤                           ·●··●··●·     ·○·
	//         │                                    ·●·●·
	//         │                              ·○··○·     ·●··●·
	//         │                      ·○·○··○·                 ·●··●·
	//         │       ·○··○··○··○··○·                               ·●·●·
	// -0.0500 ┤   ○··○                                                   ·●
	//         └───────────────────────────────────────────────────────────────
	//          -0.0500                         x                         1.050
}

func ExampleScatter() {
	var widths, heights []int
	for i := range 30 {
		widths, heights = append(widths, 400+37*i%200), append(heights, 300+23*i%150)
	}
	if err := nbhelpers.Show(nbhelpers.Scatter(widths, heights).Titled("image sizes", "width", "height")); err != nil {
		log.Fatal(err)
	}
}

func ExampleHistogram() {
	var values []int
	for i := range 400 {
		values = append(values, i*i%101)
	}
	if err := nbhelpers.Show(nbhelpers.Histogram(values, 5).Titled("squares modulo 101", "remainder", "count")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// squares modulo 101
	// 400 values
	// remainder: count
	//     0 to 20.00 █████████████████████████████████████████████ 80
	// 20.00 to 40.00 ██████████████████████████████████████████████████ 88
	// 40.00 to 60.00 ████████████████████████████████████ 64
	// 60.00 to 80.00 █████████████████████████████████████████ 72
	// 80.00 to 100.0 ██████████████████████████████████████████████████████ 96
}

func ExampleBars() {
	if err := nbhelpers.Show(nbhelpers.Bars([]string{"phone", "scanner"}, []int{120, 30}).Titled("images by camera", "images")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// images by camera
	//          images
	// ───────  ──────  ────────────────────────
	// phone       120  ████████████████████████
	// scanner      30  ██████
}

func ExampleHeatmap() {
	if err := nbhelpers.Show(nbhelpers.Heatmap([][]int{{9, 1}, {2, 8}}).Titled("a matrix", "truth", "predicted")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// a matrix
	// rows: truth, columns: predicted
	// from 1.000 (light) to 9.000 (dark)
	//        0      1
	// ─  ─────  ─────
	// 0  9.000  1.000
	// 1  2.000  8.000
}
