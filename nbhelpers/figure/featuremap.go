package figure

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/jpeg"
	"maps"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// FeatureMapData is features projected to a plane.
type FeatureMapData struct {
	Title  string
	Method string // how they were projected: "PCA, 61 % of the variance"
	Points []FeaturePoint
	Thumbs int // the largest number of images that are drawn; 0 means 40, negative none
	Notes  []string
}

// FeaturePoint is one image on a feature map. A point without finite coordinates is left out.
type FeaturePoint struct {
	X, Y  float64
	Label string
	Name  string // such as the file's name
	Mark  Mark   // a wrong one is ringed
	Image image.Image
}

// Layout of a feature map, in CSS pixels.
const (
	mapWidth  = 560
	mapHeight = 440
	mapThumb  = 34
	mapLegend = 150
	mapLabels = 24 // legend entries
)

// FeatureMap draws features that are projected to a plane, in which images with similar features lie close together: a
// point for each image, with the color and shape of its class, and images where there is room.
func FeatureMap(d FeatureMapData) display.Bundle {
	m := newFeatureMap(d)
	k := canvas.Card{
		Title: d.Title, Subtitle: d.Method, Notes: d.Notes, Photo: len(m.thumbs) > 0,
		Width: mapWidth + mapLegend, Height: mapHeight,
		Draw: func(c *canvas.Canvas, x, y float64) {
			p := plot.New()
			p.HideAxes()
			p.BackgroundColor = palette.Paper
			p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.04, 1.04, -0.04, 1.04
			p.Add(m)
			p.Draw(c.Area(x, y, mapWidth, mapHeight))
			m.drawThumbs(c, x, y)
			c.Frame(x, y, mapWidth, mapHeight, 1, palette.Rule)
			for i, label := range m.labels[:min(len(m.labels), mapLabels)] {
				at := y + 12 + float64(i*18)
				area := c.Area(x+mapWidth+10, at-8, 10, 10)
				canvas.DrawPoint(area, vg.Point{X: (area.Min.X + area.Max.X) / 2, Y: (area.Min.Y + area.Max.Y) / 2}, shapeOf(i), palette.Series(i), 4)
				c.Text(x+mapWidth+26, at+1, canvas.BodyStyle, canvas.BodyStyle.Fit(label, mapLegend-26))
			}
		},
	}
	return k.Bundle(k.TextOf(m.text()), "", m.vega())
}

// featureMap is the data with its points moved into the unit square.
type featureMap struct {
	data   FeatureMapData
	points []FeaturePoint // X and Y in [0, 1]
	labels []string       // in the order of appearance
	index  map[string]int
	thumbs []int // points that are drawn as images
}

// shapeOf shifts the shapes by one with each repetition of the colors, so that 36 classes differ.
func shapeOf(i int) int { return (i + i/6) % 6 }

func newFeatureMap(d FeatureMapData) *featureMap {
	m := &featureMap{data: d, index: map[string]int{}}
	lowX, highX, lowY, highY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range d.Points {
		if math.IsNaN(p.X-p.X) || math.IsNaN(p.Y-p.Y) { // infinite or no number
			continue
		}
		m.points = append(m.points, p)
		lowX, highX, lowY, highY = min(lowX, p.X), max(highX, p.X), min(lowY, p.Y), max(highY, p.Y)
		if _, ok := m.index[p.Label]; !ok {
			m.index[p.Label] = len(m.labels)
			m.labels = append(m.labels, p.Label)
		}
	}
	unit := func(v, low, high float64) float64 {
		if u := v/2 - low/2; high/2-low/2 > 0 { // halves cannot overflow
			return u / (high/2 - low/2)
		}
		return 0.5
	}
	for i := range m.points {
		p := &m.points[i]
		p.X, p.Y = unit(p.X, lowX, highX), unit(p.Y, lowY, highY)
	}
	m.chooseThumbs()
	return m
}

// chooseThumbs takes the first image in each cell of a raster, so that images spread and do not overlap.
func (m *featureMap) chooseThumbs() {
	most := m.data.Thumbs
	if most == 0 {
		most = 40
	}
	taken := map[[2]int]bool{}
	for i, p := range m.points {
		cell := [2]int{int(p.X * mapWidth / (mapThumb + 14)), int(p.Y * mapHeight / (mapThumb + 14))}
		near := false
		for dx := -1; dx <= 1 && !near; dx++ {
			for dy := -1; dy <= 1; dy++ {
				near = near || (taken[[2]int{cell[0] + dx, cell[1] + dy}] && (dx == 0 || dy == 0))
			}
		}
		if len(m.thumbs) >= most || near || p.Image == nil || p.Image.Bounds().Empty() {
			continue
		}
		taken[cell] = true
		m.thumbs = append(m.thumbs, i)
	}
}

// Plot draws the points.
func (m *featureMap) Plot(c vgdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for _, pt := range m.points {
		i := m.index[pt.Label]
		at := vg.Point{X: toX(pt.X), Y: toY(pt.Y)}
		if pt.Mark == MarkWrong {
			canvas.DrawPoint(c, at, 0, palette.Ink, 6)
			canvas.DrawPoint(c, at, 0, palette.Paper, 4.5)
		}
		canvas.DrawPoint(c, at, shapeOf(i), palette.Series(i), 3.2)
	}
}

func (m *featureMap) drawThumbs(c *canvas.Canvas, x, y float64) {
	for _, i := range m.thumbs {
		p := m.points[i]
		left := x + 4 + math.Floor(p.X*(mapWidth-mapThumb-8))
		top := y + 4 + math.Floor((1-p.Y)*(mapHeight-mapThumb-8))
		scaled := canvas.Thumb(p.Image, mapThumb)
		w, h := float64(scaled.Rect.Dx())/canvas.Resolution, float64(scaled.Rect.Dy())/canvas.Resolution
		c.Rect(left-2, top-2, w+4, h+4, palette.Series(m.index[p.Label]))
		c.Image(left, top, scaled)
		if p.Mark == MarkWrong {
			c.Mark(left+w-3, top+3, 5, p.Mark)
		}
	}
}

func (m *featureMap) text() string {
	t := TableData{Header: []string{"class", "images", "mean x", "mean y"}, Right: []int{1, 2, 3}}
	for _, label := range m.labels {
		n, x, y := 0, 0.0, 0.0
		for _, p := range m.points {
			if p.Label == label {
				n, x, y = n+1, x+p.X, y+p.Y
			}
		}
		t.Rows = append(t.Rows, []string{label, sketch.Count(n), fmt.Sprintf("%.2f", x/float64(n)), fmt.Sprintf("%.2f", y/float64(n))})
	}
	return strings.TrimRight(t.Text(), "\n")
}

func (m *featureMap) vega() map[string]any {
	values, names, colors, shapes := []any{}, []any{}, []any{}, []any{}
	vegaShapes := [...]string{"circle", "square", "triangle-up", "diamond", "triangle-down", "cross"}
	id := func(label string) string { return fmt.Sprintf("%d:%s", m.index[label], sketch.Label(label, 40)) }
	for i, label := range m.labels {
		names = append(names, id(label))
		colors = append(colors, sketch.Palette()[i%len(sketch.Palette())])
		shapes = append(shapes, vegaShapes[shapeOf(i)])
	}
	round := func(v float64) float64 { return math.Round(v*1e4) / 1e4 }
	for _, p := range m.points {
		values = append(values, map[string]any{
			"x": round(p.X), "y": round(p.Y), "id": id(p.Label), "class": sketch.Label(p.Label, 80), "name": sketch.Label(p.Name, 80), "mark": p.Mark.String(),
		})
	}
	axis := func(field string) map[string]any {
		return map[string]any{"field": field, "type": "quantitative", "axis": nil, "scale": map[string]any{"domain": []float64{-0.04, 1.04}, "nice": false}}
	}
	legend := map[string]any{"title": nil, "labelExpr": "slice(datum.label, indexof(datum.label, ':') + 1)"}
	color := map[string]any{"field": "id", "type": "nominal", "scale": map[string]any{"domain": names, "range": colors}, "legend": legend}
	x, y := axis("x"), axis("y")
	tooltip := []any{map[string]any{"field": "name"}, map[string]any{"field": "class"}, map[string]any{"field": "mark"}}
	layers := []any{map[string]any{
		"params": []any{sketch.Zoom("zoom")},
		"mark":   map[string]any{"type": "point", "filled": true, "size": 50, "opacity": 0.9, "clip": true},
		"encoding": map[string]any{
			"x": x, "y": y, "color": color, "tooltip": tooltip,
			"shape":  map[string]any{"field": "id", "type": "nominal", "scale": map[string]any{"domain": names, "range": shapes}, "legend": legend},
			"stroke": map[string]any{"condition": map[string]any{"test": "datum.mark == '✗'", "value": sketch.Neutral}, "value": nil},
		},
	}}
	if pictured := m.vegaThumbs(values); len(pictured) > 0 {
		layers = append(layers, map[string]any{
			"data":     map[string]any{"values": pictured},
			"mark":     map[string]any{"type": "square", "size": (mapThumb + 4) * (mapThumb + 4), "opacity": 1, "clip": true},
			"encoding": map[string]any{"x": x, "y": y, "color": color},
		}, map[string]any{
			"data":     map[string]any{"values": pictured},
			"mark":     map[string]any{"type": "image", "width": mapThumb, "height": mapThumb, "clip": true},
			"encoding": map[string]any{"x": x, "y": y, "url": map[string]any{"field": "image"}, "tooltip": tooltip},
		}, map[string]any{
			"data":      map[string]any{"values": pictured},
			"transform": []any{map[string]any{"filter": "datum.mark == '✗'"}},
			"mark":      map[string]any{"type": "text", "text": "✗", "dx": mapThumb / 2, "dy": -mapThumb / 2, "fontSize": 15, "fontWeight": "bold", "color": sketch.Palette()[1], "clip": true},
			"encoding":  map[string]any{"x": x, "y": y},
		})
	}
	return sketch.Spec(sketch.Heading{Title: m.data.Title, Subtitle: m.data.Method, Notes: m.data.Notes}, map[string]any{
		"width": 480, "height": 400, "data": map[string]any{"values": values}, "view": map[string]any{"stroke": sketch.Neutral}, "layer": layers,
	})
}

// vegaThumbs are the points that are shown as images, which are part of the specification.
func (m *featureMap) vegaThumbs(points []any) []any {
	var list []any
	for _, i := range m.thumbs {
		var encoded bytes.Buffer
		if err := jpeg.Encode(&encoded, canvas.Thumb(m.points[i].Image, mapThumb), &jpeg.Options{Quality: 75}); err != nil {
			continue // an image that JPEG has no room for
		}
		row := maps.Clone(points[i].(map[string]any))
		row["image"] = "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(encoded.Bytes())
		list = append(list, row)
	}
	return list
}
