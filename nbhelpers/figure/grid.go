package figure

import (
	"fmt"
	"image"
	"strings"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// GridData is images in rows and columns.
type GridData struct {
	Title   string
	Cells   []Cell
	Columns int // 0 chooses
	Thumb   int // side of an image in CSS pixels, 32 to 320; 0 means 96
	Notes   []string
}

// Cell is one image of a grid. A nil or empty Image is drawn as an empty frame.
type Cell struct {
	Image   image.Image
	Title   string   // such as the label
	Caption string   // such as the score, smaller
	Lines   []string // more lines below the caption, as small
	Mark    Mark     // drawn as a tick or a cross in the corner
}

// The layout of grids, in CSS pixels.
const (
	gridWidth  = 720 // of all columns together
	gridGap    = 12
	mostLines  = 6   // below the caption of an image
	mostImages = 120 // a page of them; the rest is counted in a note
)

// Grid shows images with their labels.
func Grid(d GridData) display.Bundle {
	cells, notes := d.Cells, d.Notes
	if len(cells) > mostImages {
		notes = append(notes[:len(notes):len(notes)], fmt.Sprintf("%d more images are not shown", len(cells)-mostImages))
		cells = cells[:mostImages]
	}
	side := float64(canvas.DefaultThumb)
	if d.Thumb > 0 {
		side = float64(min(320, max(32, d.Thumb)))
	}
	columns := d.Columns
	if columns <= 0 {
		columns = int((gridWidth + gridGap) / (side + gridGap))
	}
	columns = max(1, min(columns, len(cells), 40))
	titles, captions, lines := 0.0, 0.0, 0.0 // height of the lines below an image, where any has one
	for _, cell := range cells {
		if cell.Title != "" {
			titles = canvas.BodyStyle.LineHeight()
		}
		if cell.Caption != "" {
			captions = canvas.SmallStyle.LineHeight()
		}
		lines = max(lines, float64(min(len(cell.Lines), mostLines))*canvas.SmallStyle.LineHeight())
	}
	height := side + titles + captions + lines + gridGap
	rows := (len(cells) + columns - 1) / columns
	k := canvas.Card{
		Title: d.Title, Notes: notes, Photo: true,
		Width: float64(columns)*(side+gridGap) - gridGap, Height: float64(rows)*height - gridGap + 4,
		Draw: func(c *canvas.Canvas, x, y float64) {
			for i, cell := range cells {
				left, top := x+float64(i%columns)*(side+gridGap), y+float64(i/columns)*height
				c.Square(left, top, side, cell.Image, cell.Mark)
				below := top + side + canvas.BodyStyle.Size + 3
				if titles > 0 {
					c.Text(left, below, canvas.BodyStyle, canvas.BodyStyle.Fit(cell.Title, side))
					below += canvas.SmallStyle.LineHeight()
				}
				c.Text(left, below, canvas.SmallStyle, canvas.SmallStyle.Fit(cell.Caption, side))
				for _, line := range cell.Lines[:min(len(cell.Lines), mostLines)] {
					below += canvas.SmallStyle.LineHeight()
					c.Text(left, below, canvas.SmallStyle, canvas.SmallStyle.Fit(line, side))
				}
			}
		},
	}
	g := sketch.Gallery{Title: d.Title, Columns: columns, Side: int(side), Notes: notes}
	for _, cell := range cells {
		g.Items = append(g.Items, sketch.GalleryItem{
			Images: []sketch.GalleryImage{galleryImage(cell.Image, side)}, Mark: cell.Mark, Title: cell.Title,
			Lines: append([]string{cell.Caption}, cell.Lines[:min(len(cell.Lines), mostLines)]...),
		})
	}
	return k.Bundle(k.TextOf(gridText(cells)), g.HTML(), nil)
}

func gridText(cells []Cell) string {
	var b strings.Builder
	for i, cell := range cells {
		fmt.Fprintf(&b, "%3d %1s %s", i+1, cell.Mark, sketch.Label(cell.Title, 40))
		if cell.Caption != "" {
			b.WriteString("  " + sketch.Label(cell.Caption, 60))
		}
		for _, line := range cell.Lines[:min(len(cell.Lines), mostLines)] {
			b.WriteString("  " + sketch.Label(line, 60))
		}
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
