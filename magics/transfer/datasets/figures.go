package datasets

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/summary"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// shownImages is how many images are shown when a dataset is loaded.
const shownImages = 24

// show shows a dataset as a whole, with at most limit of its images in the grid.
func (p *Presenter) show(ctx context.Context, page output.Page, data *imagefolder.Dataset, limit int) error {
	if page.JSON {
		return page.Result(ctx, summary.List(data), nil)
	}
	if err := page.Printf("%s\n", datasetLine(data)); err != nil {
		return err
	}
	if _, err := page.Show(ctx, classCounts(data)); err != nil {
		return err
	}
	for _, show := range []func() error{
		func() error { return showSizes(ctx, page, data, nil, "") },
		func() error { return showGallery(ctx, page, data, "", "", limit) },
		func() error {
			return showDuplicates(ctx, page, p.reader, data, drawing.DuplicatePairs(data), "", shownPairs)
		},
	} {
		if err := show(); err != nil {
			return err
		}
	}
	return showNotes(ctx, page, p.reader, data)
}

func datasetLine(data *imagefolder.Dataset) string {
	counts := map[string]int{}
	for _, item := range data.Items {
		counts[item.Split]++
	}
	line := fmt.Sprintf("%s: %d images in %d classes: %d to train, %d to validate", imagefolder.Printable(data.Name), len(data.Items), len(data.Classes),
		counts[imagefolder.Train], counts[imagefolder.Val])
	if counts[imagefolder.Test] > 0 {
		line += fmt.Sprintf(", %d to test", counts[imagefolder.Test])
	}
	if len(data.Skipped) > 0 {
		line += "; " + phrase.Plural(len(data.Skipped), "file", "files") + " skipped"
	}
	if data.Unread > 0 {
		line += "; " + phrase.Plural(data.Unread, "file", "files") + " of the same size, times and inode as at the last check not read again (--rehash reads all)"
	}
	return line
}

func classCounts(data *imagefolder.Dataset) display.Bundle {
	train, val, test := data.Count(imagefolder.Train), data.Count(imagefolder.Val), data.Count(imagefolder.Test)
	skipped := map[string]int{}
	for _, s := range data.Skipped {
		skipped[classFolder(data, s.Path)]++
	}
	chart := figure.ClassCountsData{Title: data.Name}
	for label, class := range data.Classes {
		chart.Classes = append(chart.Classes, figure.ClassCount{
			Name: class, Train: train[label], Val: val[label], Test: test[label], Skipped: skipped[class],
		})
	}
	return figure.ClassCounts(chart)
}

// classFolder is the folder of a file that is named as a class: the first one, or the one below the folder of a split.
func classFolder(data *imagefolder.Dataset, file string) string {
	folders := strings.Split(file, "/")
	if data.GivenSplit && len(folders) > 2 && slices.Contains(data.Classes, folders[1]) {
		return folders[1]
	}
	return folders[0]
}

// galleryColumns is how many images stand side by side in a gallery of classes, one class in a row.
const galleryColumns = 6

// showGallery shows images of each class, of all splits or of one: a row for each class where there is room for that.
func showGallery(ctx context.Context, page output.Page, data *imagefolder.Dataset, class, split string, limit int) error {
	picked, err := input.Spread(data, class, split, limit)
	if err != nil {
		return err
	}
	columns := 0
	if class == "" {
		slices.SortStableFunc(picked, func(a, b int) int { return cmp.Compare(data.Items[a].Label, data.Items[b].Label) })
		picked, columns = rows(data, picked)
	}
	grid := figure.GridData{Title: fmt.Sprintf("%s: %d of %d images", data.Name, len(picked), len(data.Items)), Columns: columns}
	return showImages(ctx, page, data, grid, picked)
}

// rows leaves as many images of each class as the class with the fewest of them has, so that a row has whole classes or a class
// whole rows, and says how many columns that takes. Where that would leave out a class or most images it changes nothing.
func rows(data *imagefolder.Dataset, picked []int) (list []int, columns int) {
	count := map[int]int{}
	for _, i := range picked {
		count[data.Items[i].Label]++
	}
	each := galleryColumns
	for _, n := range count {
		each = min(each, n)
	}
	if len(count) < 2 || 2*each*len(count) < len(picked) {
		return picked, 0
	}
	most := each // of a class: whole rows
	if each == galleryColumns {
		for _, n := range count {
			most = max(most, n/galleryColumns*galleryColumns)
		}
	}
	shown := map[int]int{}
	for _, i := range picked {
		label := data.Items[i].Label
		if shown[label]++; shown[label] <= min(most, count[label]/each*each) {
			list = append(list, i)
		}
	}
	return list, galleryColumns / each * each
}

func showImages(ctx context.Context, page output.Page, data *imagefolder.Dataset, grid figure.GridData, picked []int) error {
	for _, i := range picked {
		cell, err := itemCell(data, i)
		if err != nil {
			return err
		}
		grid.Cells = append(grid.Cells, cell)
	}
	_, err := page.Show(ctx, figure.Grid(grid))
	return err
}

// itemCell is an image of a dataset with its class and its split.
func itemCell(data *imagefolder.Dataset, i int) (figure.Cell, error) {
	pixels, err := drawing.ItemPixels(data, i)
	if err != nil {
		return figure.Cell{}, err
	}
	item := data.Items[i]
	return figure.Cell{
		Image: figure.RGB(pixels, drawing.ThumbSide, drawing.ThumbSide), Title: imagefolder.Printable(data.Classes[item.Label]), Caption: item.Split,
	}, nil
}

// shownPairs is how many pairs of duplicates are shown when a dataset is loaded.
const shownPairs = 6

// showDuplicates shows images beside their copies; without pairs it shows nothing. part says which images the pairs have.
func showDuplicates(ctx context.Context, page output.Page, reader advice.Reader, data *imagefolder.Dataset, pairs []drawing.Pair, part string, limit int) error {
	if len(pairs) == 0 || limit <= 0 {
		return nil
	}
	exact := 0
	for _, pair := range pairs {
		if pair.Exact {
			exact++
		}
	}
	grid := figure.GridData{
		Title: fmt.Sprintf("%s: %d of %s of copies%s, each beside its copy", data.Name, min(limit, len(pairs)), phrase.Plural(len(pairs), "pair", "pairs"), part), Columns: 4, Thumb: 132,
		Notes: []string{fmt.Sprintf("%d of the pairs have the same bytes, %d are nearly the same image. %s lists what to do about them.",
			exact, len(pairs)-exact, reader.Command("clean"))},
	}
	for _, pair := range pairs[:min(limit, len(pairs))] {
		first, err := itemCell(data, pair.First)
		if err != nil {
			return err
		}
		second, err := itemCell(data, pair.Second)
		if err != nil {
			return err
		}
		first.Lines = []string{imagefolder.Printable(data.Items[pair.First].Path), pair.Likeness()}
		second.Lines = []string{imagefolder.Printable(data.Items[pair.Second].Path), "copy of the image at its left"}
		grid.Cells = append(grid.Cells, first, second)
	}
	_, err := page.Show(ctx, figure.Grid(grid))
	return err
}

// showSizes shows how large the images are, unless all have one size, which is a line. part says which are picked; empty: all.
func showSizes(ctx context.Context, page output.Page, data *imagefolder.Dataset, picked []int, part string) error {
	if part != "" {
		some := *data
		some.Items = nil
		for _, i := range picked {
			some.Items = append(some.Items, data.Items[i])
		}
		data = &some
	}
	plot, one := drawing.ImageSizes(data, part)
	if one != "" {
		return page.Printf("%s\n", one)
	}
	_, err := page.Show(ctx, figure.Plot(plot))
	return err
}

// showNotes tells what a person should know before training, and lists the files that are not used.
func showNotes(ctx context.Context, page output.Page, reader advice.Reader, data *imagefolder.Dataset) error {
	for _, found := range data.Diagnoses {
		to := page.Stderr() // which a notebook shows in red
		if reader == advice.Notebook && found.Severity != diagnosis.Warning && found.Severity != diagnosis.Error {
			to = page.Stdout()
		}
		if _, err := fmt.Fprintf(to, "%s: %s\n", found.Severity, reader.Sentences(found)); err != nil {
			return err
		}
	}
	if len(data.Skipped) == 0 {
		return nil
	}
	_, err := page.Show(ctx, figure.Table(drawing.Skipped(data.Skipped)))
	return err
}
