package modelserver

import (
	"encoding/json"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Draw draws a figure as PNG for a Go cell, which links no library for it.
func Draw(p warm.DrawParams) (warm.Drawing, error) {
	var bundle display.Bundle
	var err error
	switch p.Kind {
	case warm.DrawCurves:
		bundle, err = drawn(p, figure.Curves)
	case warm.DrawPlot:
		bundle, err = drawn(p, figure.Plot)
	case warm.DrawBars:
		bundle, err = drawn(p, figure.Bars)
	case warm.DrawHeatmap:
		bundle, err = drawn(p, figure.Heatmap)
	case warm.DrawGrid:
		var data warm.GridData
		if err := json.Unmarshal(p.Data, &data); err != nil {
			return warm.Drawing{}, fmt.Errorf("read the grid: %w", err)
		}
		grid, err := gridOf(data)
		if err != nil {
			return warm.Drawing{}, err
		}
		bundle = figure.Grid(grid)
	default:
		return warm.Drawing{}, fmt.Errorf("draw %q: the kind must be one of curves, grid, plot, bars, heatmap", p.Kind)
	}
	return drawingOf(bundle), err
}

// drawn reads the data of a figure and draws it.
func drawn[T any](p warm.DrawParams, draw func(T) display.Bundle) (display.Bundle, error) {
	var data T
	if err := json.Unmarshal(p.Data, &data); err != nil {
		return display.Bundle{}, fmt.Errorf("read the %s: %w", p.Kind, err)
	}
	return draw(data), nil
}

func drawingOf(bundle display.Bundle) warm.Drawing {
	png, _ := bundle.Data[display.MIMEPNG].([]byte)
	size, _ := bundle.Metadata[display.MIMEPNG].(map[string]any)
	width, _ := size["width"].(int)
	height, _ := size["height"].(int)
	html, _ := bundle.Data[display.MIMEHTML].(string)
	return warm.Drawing{PNG: png, Width: width, Height: height, HTML: html}
}

func gridOf(data warm.GridData) (figure.GridData, error) {
	grid := figure.GridData{Title: data.Title, Columns: data.Columns, Notes: data.Notes}
	for i, cell := range data.Cells {
		images, err := input.OfCells([]warm.Image{cell.Image})
		if err != nil {
			return grid, fmt.Errorf("cell %d of the grid: %w", i+1, err)
		}
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: drawing.Thumb(images[0], ""), Title: cell.Title, Caption: cell.Caption, Mark: figure.Mark(cell.Mark),
		})
	}
	return grid, nil
}
