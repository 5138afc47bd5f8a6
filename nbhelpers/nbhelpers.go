// Package nbhelpers is what a Go cell imports to show results: images, tables, live curves, and what the warm models
// say.
//
//	nbhelpers.Show(img)                                  // any image.Image
//	nbhelpers.Show([]Row{{"a", 1}, {"b", 2}})            // a slice of structs is a table
//	nbhelpers.Show(nbhelpers.Markdown("**bold**"))
//
//	model := nbhelpers.Classifier("")                    // the model that %train made last
//	predictions, err := model.Predict(ctx, "cat.jpg")
//
// In a notebook the output is rich, in a terminal ("go run") it is text. Output has arrived when a function returns, so
// a program may end at any time.
//
// The package stays light, since every cell links what it imports: it draws no PNG charts of its own (the model server or
// a program beside it does; where Headstart is not installed, a notebook has the Vega-Lite chart and the text), and it
// speaks GoNB's own protocol instead of importing gonbui, which alone takes a cell's build from 1 to 1.8 times that of
// one with fmt. A program therefore uses either this package or gonbui for its output, not both: they would write into
// the same pipe, each with an encoder of its own.
package nbhelpers

import (
	"sync"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// output is where bundles go: a notebook or a terminal.
type output interface {
	// show adds an output, or replaces the one of that id; "" is an output that nothing will replace.
	show(b display.Bundle, id display.ID) error
	// ask prompts for a line.
	ask(prompt string, secret bool) (string, error)
}

// out is chosen at its first use, by what the environment offers.
var out = sync.OnceValue(func() output { return open(environment()) })

// Show shows a value in the way that suits it best.
//
//   - nil, numbers, errors, strings and what is not listed: as fmt prints it
//   - Markdown, HTML: as such
//   - image.Image, []image.Image: images
//   - [][]string (the first row is the header), slices and single values of a struct type, sketch.Table: a table
//   - sketch.Curves, and display.Bundle, such as a figure
//   - warm.PredictResult, []warm.Prediction, warm.Report: tables
//   - warm.Explanation: the image beside itself under the heat map
//   - []byte and io.WriterTo that hold a PNG or a JPEG, such as what gonum's plot.WriterTo returns: an image
//   - anything with a method Bundle() display.Bundle
func Show(v any) error {
	b, err := bundle(v)
	if err != nil {
		return err
	}
	return out().show(b, "")
}

// Markdown is text that a notebook renders.
type Markdown string

// HTML is markup that a notebook renders as it is. Text from outside belongs into html.EscapeString first.
type HTML string

// Ask prompts the user and returns the line that was typed, without its end. In a notebook a secret is not echoed; in a
// terminal it is.
func Ask(prompt string, secret bool) (string, error) { return out().ask(prompt, secret) }
