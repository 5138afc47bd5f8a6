package nbhelpers

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/result"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// textWidth is how wide charts of characters are, in columns.
const textWidth = 80

// bundle chooses the forms of a value for Show. A panic in the value's own method becomes an error.
func bundle(v any) (display.Bundle, error) {
	return choose(v, func(v any) (display.Bundle, error) {
		switch v := v.(type) {
		case string:
			return display.Text(v), nil
		case error:
			return display.Text(v.Error()), nil
		case []byte:
			return result.Bytes(v), nil
		case image.Image:
			return result.Image(v)
		case io.WriterTo:
			var buffer bytes.Buffer
			if _, err := v.WriteTo(&buffer); err != nil {
				return display.Bundle{}, fmt.Errorf("show a %T: write it: %w", v, err)
			}
			return result.Bytes(buffer.Bytes()), nil
		}
		if table, ok := result.Structs(v, false); ok {
			return tableBundle(table), nil
		}
		return display.Text(fmt.Sprint(v)), nil
	})
}

// Bundle is what a notebook shows for a cell that ends in v: the forms of Show for the types of this project, those of
// result.Of for all others.
func Bundle(v any) (display.Bundle, error) { return choose(v, result.Of) }

// choose chooses the forms of a value of this project's types; otherwise does so for all others.
func choose(v any, otherwise func(v any) (display.Bundle, error)) (b display.Bundle, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("show a %T: it panicked: %v", v, r)
		}
	}()
	switch v := v.(type) {
	case display.Bundle:
		return v, nil
	case interface{ Bundle() display.Bundle }:
		return v.Bundle(), nil
	case Markdown:
		return rich(display.MIMEMarkdown, string(v), string(v)), nil
	case HTML:
		return rich(display.MIMEHTML, string(v), string(v)), nil
	case []image.Image:
		return gridBundle("", images(v))
	case sketch.Table:
		return tableBundle(v), nil
	case sketch.Curves:
		b := curvesBundle(v)
		if drawn, ok := drawing(process(), warm.DrawCurves, v); ok {
			b = withDrawing(b, drawn)
		}
		return b, nil
	case sketch.Plot, sketch.Bars, sketch.Heatmap:
		b, _ := plotted(v)
		return b, nil
	case sketch.Progress:
		return display.Text(v.Text(textWidth)), nil
	case [][]string:
		return tableBundle(stringTable(v)), nil
	case warm.PredictResult:
		return tableBundle(predictionTable(v.Predictions)), nil
	case []prediction.Prediction:
		return tableBundle(predictionTable(v)), nil
	case warm.Report:
		return tableBundle(reportTable(v)), nil
	case warm.Explanation:
		text := fmt.Sprintf("heat map of %s for %s (%s)", v.Model, sketch.Label(v.Class.Class, 40), sketch.Percent(v.Class.Probability))
		return withDrawing(display.Text(text), v.Drawing), nil
	}
	return otherwise(v)
}

func rich(mime, value, text string) display.Bundle {
	return display.Bundle{Data: map[string]any{mime: value, display.MIMEText: text}}
}

func tableBundle(t sketch.Table) display.Bundle { return result.Rich(t) }

func curvesBundle(c sketch.Curves) display.Bundle {
	return display.Bundle{Data: map[string]any{display.MIMEVegaLite: c.VegaLite(), display.MIMEText: c.Text(textWidth)}}
}

// Image is one cell of a grid.
type Image struct {
	Image   image.Image
	Title   string // such as the label
	Caption string // such as the score, smaller
	Mark    sketch.Mark
}

func images(images []image.Image) []Image {
	result := make([]Image, len(images))
	for i, img := range images {
		result[i].Image = img
	}
	return result
}

// Grid shows images in rows and columns, as thumbnails. It is HTML, in the colors of the page, and a PNG as well
// where Headstart is installed.
func Grid(title string, cells ...Image) error {
	b, err := gridBundle(title, cells)
	if err != nil {
		return err
	}
	return process().show(b, "")
}

// Table shows rows of text under a header.
func Table(header []string, rows ...[]string) error {
	return process().show(tableBundle(result.Numbered(sketch.Table{Header: header, Rows: rows})), "")
}

// thumbSide is the longer side of a thumbnail in pixels: 96 CSS pixels at double resolution.
const thumbSide = 192

func gridBundle(title string, cells []Image) (display.Bundle, error) {
	data := warm.GridData{Title: title}
	gallery := sketch.Gallery{Title: title, Columns: 6, Side: thumbSide / 2}
	var text strings.Builder
	if title != "" {
		text.WriteString(sketch.Label(title, 0) + "\n")
	}
	for i, cell := range cells {
		small, err := thumbnail(cell.Image)
		if err != nil {
			return display.Bundle{}, fmt.Errorf("show image %d of %d: %w", i+1, len(cells), err)
		}
		img, err := warm.FromImage(cell.Title, small)
		if err != nil {
			return display.Bundle{}, err
		}
		data.Cells = append(data.Cells, warm.GridCell{Image: img, Title: cell.Title, Caption: cell.Caption, Mark: int(cell.Mark)})
		caption := strings.TrimSpace(cell.Mark.String() + " " + sketch.Label(cell.Title, 40) + " " + sketch.Label(cell.Caption, 60))
		fmt.Fprintf(&text, "%3d %s\n", i+1, caption)
		var encoded bytes.Buffer
		if err := png.Encode(&encoded, small); err != nil {
			return display.Bundle{}, fmt.Errorf("show image %d of %d: encode it as PNG: %w", i+1, len(cells), err)
		}
		size := small.Bounds().Size()
		gallery.Items = append(gallery.Items, sketch.GalleryItem{Mark: cell.Mark, Title: cell.Title, Lines: []string{cell.Caption}, Images: []sketch.GalleryImage{{
			URI: "data:image/png;base64," + base64.StdEncoding.EncodeToString(encoded.Bytes()), Width: max(1, size.X/2), Height: max(1, size.Y/2),
		}}})
	}
	b := display.Text(strings.TrimRight(text.String(), "\n"))
	if drawn, ok := drawing(process(), warm.DrawGrid, data); ok {
		b = withDrawing(b, drawn)
	} else {
		b.Data[display.MIMEHTML] = gallery.HTML()
	}
	return b, nil
}

// thumbnail is an image scaled down, each pixel the mean of those that it covers.
func thumbnail(img image.Image) (image.Image, error) {
	if img == nil || img.Bounds().Empty() {
		return nil, errors.New("the image is nil or empty")
	}
	r := img.Bounds()
	long := max(r.Dx(), r.Dy())
	if long <= thumbSide {
		return img, nil
	}
	w, h := max(1, r.Dx()*thumbSide/long), max(1, r.Dy()*thumbSide/long)
	small := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			small.Set(x, y, meanColor(img, image.Rect(r.Min.X+x*r.Dx()/w, r.Min.Y+y*r.Dy()/h, r.Min.X+(x+1)*r.Dx()/w, r.Min.Y+(y+1)*r.Dy()/h)))
		}
	}
	flat := image.NewNRGBA(small.Rect)
	for i := range flat.Pix {
		flat.Pix[i] = small.Pix[2*i]
	}
	return flat, nil
}
