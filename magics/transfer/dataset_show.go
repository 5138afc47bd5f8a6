package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// thumbSide is the side of a grid's images in pixels: sharp at 96 CSS pixels, small enough for a notebook file.
const thumbSide = 112

// noteRows is how many files a note's table lists; the rest is counted.
const noteRows = 20

// datasetSummary is what --json and Go cells get of a dataset.
type datasetSummary struct {
	Name    string                `json:"name"`
	Root    string                `json:"root"`
	Digest  string                `json:"digest"`
	Images  int                   `json:"images"`
	Classes []classSummary        `json:"classes"`
	Skipped []imagefolder.Skipped `json:"skipped"`
	Notes   []imagefolder.Note    `json:"notes"`
}

type classSummary struct {
	Name  string `json:"name"`
	Train int    `json:"train"`
	Val   int    `json:"val"`
	Test  int    `json:"test"`
}

func summarize(data *imagefolder.Dataset) datasetSummary {
	s := datasetSummary{
		Name: data.Name, Root: data.Root, Digest: data.Digest, Images: len(data.Items),
		Classes: []classSummary{}, Skipped: []imagefolder.Skipped{}, Notes: []imagefolder.Note{},
	}
	train, val, test := data.Count(imagefolder.Train), data.Count(imagefolder.Val), data.Count(imagefolder.Test)
	for label, class := range data.Classes {
		s.Classes = append(s.Classes, classSummary{Name: class, Train: train[label], Val: val[label], Test: test[label]})
	}
	s.Skipped = append(s.Skipped, data.Skipped...)
	s.Notes = append(s.Notes, data.Notes...)
	return s
}

// spread picks up to limit items so that every class has its share, in the order of the classes.
func spread(data *imagefolder.Dataset, class, split string, limit int) ([]int, error) {
	wanted := -1
	for label, name := range data.Classes {
		if name == class {
			wanted = label
		}
	}
	if class != "" && wanted < 0 {
		return nil, unknown("class", class, data.Classes, "a folder of that name in "+data.Root)
	}
	byClass := make([][]int, len(data.Classes))
	for i, item := range data.Items {
		if (split == "" || item.Split == split) && (wanted < 0 || item.Label == wanted) {
			byClass[item.Label] = append(byClass[item.Label], i)
		}
	}
	var picked []int
	for round := 0; len(picked) < limit; round++ {
		before := len(picked)
		for _, items := range byClass {
			if round < len(items) && len(picked) < limit {
				picked = append(picked, items[round])
			}
		}
		if len(picked) == before {
			break
		}
	}
	return picked, nil
}

func showGrid(ctx context.Context, in *magics.Invocation, data *imagefolder.Dataset, class, split string, limit int) error {
	picked, err := spread(data, class, split, limit)
	if err != nil {
		return err
	}
	grid := figure.GridData{Title: fmt.Sprintf("%s: %d of %d images", data.Name, len(picked), len(data.Items))}
	for _, i := range picked {
		pixels, err := data.Pixels(i, imagefolder.Geometry{Size: thumbSide, Method: imagefolder.Bilinear})
		if err != nil {
			return err
		}
		item := data.Items[i]
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: figure.RGB(pixels, thumbSide, thumbSide), Title: data.Classes[item.Label], Caption: item.Split,
		})
	}
	_, err = in.Show(ctx, figure.Grid(grid))
	return err
}

// showNotes tells what a person should know before training, and lists the files that are not used.
func showNotes(ctx context.Context, in *magics.Invocation, data *imagefolder.Dataset) error {
	for _, note := range data.Notes {
		if _, err := fmt.Fprintf(in.Stderr(), "%s: %s\n", note.Severity, note.Text); err != nil {
			return err
		}
	}
	if len(data.Skipped) == 0 {
		return nil
	}
	table := figure.TableData{Title: "Skipped", Header: []string{"file", "why"}}
	for i, s := range data.Skipped {
		if i == noteRows {
			table.Notes = append(table.Notes, fmt.Sprintf("and %d more: %%dataset load --json lists them all", len(data.Skipped)-i))
			break
		}
		table.Rows = append(table.Rows, []string{imagefolder.Printable(s.Path), s.Reason})
	}
	_, err := in.Show(ctx, figure.Table(table))
	return err
}
