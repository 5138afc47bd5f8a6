// Package nbhelpers is what a Go cell imports to show results: images, tables, live curves, and the answers of warm models.
//
//	nbhelpers.Show(img)                                  // any image.Image
//	nbhelpers.Show([]Row{{"a", 1}, {"b", 2}})            // a slice of structs is a table
//	nbhelpers.Show(nbhelpers.Markdown("**bold**"))
//	nbhelpers.Show(nbhelpers.Histogram(widths, 0).Titled("widths", "pixels", "images"))
//
//	model := nbhelpers.Classifier("")                    // the model that %train made last
//	predictions, err := model.PredictFiles(ctx, "cat.jpg")
//
// In a notebook the output is rich, in a terminal ("go run") it is text. The output has been delivered when a function
// returns, so a program may end at any time.
//
// The package stays light, since every cell links what it imports. It renders no PNG charts: the model server or the
// program headstart-transfer does; where Headstart is not installed, a notebook has the Vega-Lite chart and the text. It
// implements GoNB's protocol instead of importing gonbui, with which a cell takes 1.8 times as long to build. A program
// therefore uses either this package or gonbui for its output, not both: they would write into the same pipe, each with
// an encoder of its own.
package nbhelpers

// Show shows a value in the form that its type suggests.
//
//   - nil, numbers, errors, strings and what is not listed: as fmt prints it
//   - Markdown, HTML: as such
//   - image.Image, []image.Image: images
//   - [][]string (the first row is the header), slices and single values of a struct type, sketch.Table: a table
//   - sketch.Plot, sketch.Bars, sketch.Heatmap, which Line, Scatter, Histogram, Bars and Heatmap make: a chart
//   - sketch.Curves, and display.Bundle, such as a figure
//   - warm.PredictResult, []prediction.Prediction, warm.Report: tables
//   - warm.Explanation: the image, and the image below its heat map
//   - []byte and io.WriterTo that hold a PNG or a JPEG, such as what gonum's plot.WriterTo returns: an image
//   - anything with a method Bundle() display.Bundle
func Show(v any) error {
	b, err := bundle(v)
	if err != nil {
		return err
	}
	return process().show(b, "")
}

// Markdown is text that a notebook renders.
type Markdown string

// HTML is markup that a notebook renders as it is. Pass text from others through html.EscapeString first.
type HTML string

// Ask prompts the user and returns the line that was typed, without its end. In a notebook a secret is not echoed; in a
// terminal it is.
func Ask(prompt string, secret bool) (string, error) { return process().ask(prompt, secret) }
