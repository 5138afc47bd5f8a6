package figure

import (
	"fmt"
	"image"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// TopKData is predictions, each with its most likely classes.
type TopKData struct {
	Title       string
	Predictions []Prediction
	Notes       []string
}

// Prediction is a model's answer for one image, with the image.
type Prediction struct {
	prediction.Prediction
	Image image.Image
	Mark  Mark
}

// Layout of a prediction, in CSS pixels: the image, and the bars beside it.
const (
	topKWidth  = 350
	topKBar    = 100
	topKRow    = 17
	topKMost   = 5 // classes drawn; the text has all
	topKInRow  = 2
	topKHeight = canvas.DefaultThumb + 26
)

// TopK shows predictions: each image beside its most likely classes, with their probabilities as bars.
func TopK(d TopKData) display.Bundle {
	shown, notes := d.Predictions, d.Notes
	if most := mostImages / 2; len(shown) > most {
		notes = append(notes[:len(notes):len(notes)], fmt.Sprintf("%d more images are not drawn", len(shown)-most))
		shown = shown[:most]
	}
	inRow := max(1, min(topKInRow, len(shown)))
	k := canvas.Card{
		Title: d.Title, Notes: notes, Photo: true,
		Width:  float64(inRow*(topKWidth+canvas.PanelGap) - canvas.PanelGap),
		Height: float64((len(shown)+inRow-1)/inRow*topKHeight) - 8,
		Draw: func(c *canvas.Canvas, x, y float64) {
			for i, p := range shown {
				p.draw(c, x+float64(i%inRow*(topKWidth+canvas.PanelGap)), y+float64(i/inRow*topKHeight))
			}
		},
	}
	g := sketch.Gallery{Title: d.Title, Columns: inRow, Side: topKWidth, Notes: notes}
	for _, p := range shown {
		item := sketch.GalleryItem{
			Images: []sketch.GalleryImage{galleryImage(p.Image, canvas.DefaultThumb)}, Beside: true, Mark: p.Mark, Title: p.heading(),
		}
		for _, score := range p.Top {
			item.Bars = append(item.Bars, sketch.GalleryBar{Name: score.Class, Value: score.Probability})
		}
		g.Items = append(g.Items, item)
	}
	return k.Bundle(k.TextOf(d.text()), g.HTML(), nil)
}

func (p Prediction) draw(c *canvas.Canvas, x, y float64) {
	c.Square(x, y, canvas.DefaultThumb, p.Image, p.Mark)
	left, width := x+canvas.DefaultThumb+12, float64(topKWidth-canvas.DefaultThumb-12)
	c.Text(left, y+11, canvas.HeadStyle, canvas.HeadStyle.Fit(p.heading(), width))
	name := width - topKBar - 50 // what the bar and its number leave
	for i, score := range p.Top[:min(len(p.Top), topKMost)] {
		top := y + 19 + float64(i*topKRow)
		s := canvas.BodyStyle
		if i > 0 {
			s = canvas.NoteStyle
		}
		c.Text(left, top+11, s, s.Fit(score.Class, name-6))
		c.Rect(left+name, top+1, topKBar, 11, palette.Wash)
		fill := palette.Series(0)
		if i > 0 {
			fill = palette.Mix(fill, palette.Paper, 0.45)
		}
		c.Rect(left+name, top+1, topKBar*canvas.Fraction(score.Probability), 11, fill)
		c.Text(left+width, top+11, s.Sized(11).At(canvas.ToRight), sketch.Percent(score.Probability))
	}
}

// heading names the image and, where they are known, its true class and the values that a regression predicts.
func (p Prediction) heading() string {
	var parts []string
	if p.Name != "" {
		parts = append(parts, p.Name)
	}
	if p.Truth != "" {
		parts = append(parts, "truth: "+p.Truth)
	}
	if len(p.Value) > 0 {
		values := make([]string, len(p.Value))
		for i, v := range p.Value {
			values[i] = strconv.FormatFloat(float64(v), 'g', 4, 32)
		}
		parts = append(parts, "value: "+strings.Join(values, ", "))
	}
	return strings.Join(parts, " · ")
}

func (d TopKData) text() string {
	var b strings.Builder
	for i, p := range d.Predictions {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(strings.TrimSpace(p.Mark.String()+" "+sketch.Label(p.heading(), canvas.TextWidth)) + "\n")
		for _, score := range p.Top {
			const bar = 24
			filled := int(bar*canvas.Fraction(score.Probability) + 0.5)
			fmt.Fprintf(&b, "  %7s %s%s %s\n", sketch.Percent(score.Probability), strings.Repeat("█", filled), strings.Repeat("░", bar-filled), sketch.Label(score.Class, 48))
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
