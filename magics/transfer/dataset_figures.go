package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// noteRows is how many files a note's table lists; the rest is counted.
const noteRows = 20

func (p *Presenter) showDataset(ctx context.Context, page Page, data *imagefolder.Dataset) error {
	if page.JSON {
		return page.Result(ctx, lab.ListItems(data), nil)
	}
	if err := page.Printf("%s\n", datasetLine(data)); err != nil {
		return err
	}
	if _, err := page.Show(ctx, classCounts(data)); err != nil {
		return err
	}
	if err := showGrid(ctx, page, data, "", "", 24); err != nil {
		return err
	}
	return showNotes(ctx, page, p.reader, data)
}

func datasetLine(data *imagefolder.Dataset) string {
	counts := map[string]int{}
	for _, item := range data.Items {
		counts[item.Split]++
	}
	line := fmt.Sprintf("%s: %d images in %d classes: %d to train, %d to validate", data.Name, len(data.Items), len(data.Classes),
		counts[imagefolder.Train], counts[imagefolder.Val])
	if counts[imagefolder.Test] > 0 {
		line += fmt.Sprintf(", %d to test", counts[imagefolder.Test])
	}
	if len(data.Skipped) > 0 {
		line += "; " + count(len(data.Skipped), "file") + " skipped"
	}
	if data.Unread > 0 {
		line += "; " + count(data.Unread, "file") + " of the same size, times and inode as at the last check not read again (--rehash reads all)"
	}
	return line
}

// count is "1 file", "2 files".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func classCounts(data *imagefolder.Dataset) display.Bundle {
	train, val, test := data.Count(imagefolder.Train), data.Count(imagefolder.Val), data.Count(imagefolder.Test)
	skipped := map[string]int{}
	for _, s := range data.Skipped {
		class, _, _ := strings.Cut(s.Path, "/")
		skipped[class]++
	}
	chart := figure.ClassCountsData{Title: data.Name}
	for label, class := range data.Classes {
		chart.Classes = append(chart.Classes, figure.ClassCount{
			Name: class, Train: train[label], Val: val[label], Test: test[label], Skipped: skipped[class],
		})
	}
	return figure.ClassCounts(chart)
}

func showGrid(ctx context.Context, page Page, data *imagefolder.Dataset, class, split string, limit int) error {
	picked, err := lab.Spread(data, class, split, limit)
	if err != nil {
		return err
	}
	grid := figure.GridData{Title: fmt.Sprintf("%s: %d of %d images", data.Name, len(picked), len(data.Items))}
	for _, i := range picked {
		pixels, err := drawing.ItemPixels(data, i)
		if err != nil {
			return err
		}
		item := data.Items[i]
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: figure.RGB(pixels, drawing.ThumbSide, drawing.ThumbSide), Title: data.Classes[item.Label], Caption: item.Split,
		})
	}
	_, err = page.Show(ctx, figure.Grid(grid))
	return err
}

// showNotes tells what a person should know before training, and lists the files that are not used.
func showNotes(ctx context.Context, page Page, reader advice.Reader, data *imagefolder.Dataset) error {
	for _, found := range data.Diagnoses {
		if _, err := fmt.Fprintf(page.Stderr(), "%s: %s\n", found.Severity, reader.Sentences(found)); err != nil {
			return err
		}
	}
	return showSkipped(ctx, page, data.Skipped)
}

// showSkipped lists files that are not used.
func showSkipped(ctx context.Context, page Page, skipped []imagefolder.Skipped) error {
	if len(skipped) == 0 {
		return nil
	}
	table := figure.TableData{Title: "Skipped", Header: []string{"file", "why"}}
	for i, s := range skipped {
		if i == noteRows {
			table.Notes = append(table.Notes, fmt.Sprintf("and %d more: --json lists them all", len(skipped)-i))
			break
		}
		table.Rows = append(table.Rows, []string{imagefolder.Printable(s.Path), s.Reason})
	}
	_, err := page.Show(ctx, figure.Table(table))
	return err
}
