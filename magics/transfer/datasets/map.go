package datasets

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/projection"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// mostMapped is how many images lie on a map: more of them hide each other, and the notebook keeps them all.
const mostMapped = 600

// showMap shows which images of a dataset the current model's backbone finds alike.
func (p *Presenter) showMap(ctx context.Context, page output.Page, data *imagefolder.Dataset, o showFlags) error {
	model, err := p.lab.Model("")
	if err != nil {
		return fmt.Errorf("draw a map of %s: %w", data.Name, err)
	}
	picked, err := input.Spread(data, o.Class, o.Split, mostMapped)
	if err != nil {
		return err
	}
	if len(picked) == 0 {
		return fmt.Errorf("draw a map of %s: there is no image in its split %s", data.Name, o.Split)
	}
	line := ""
	bar := page.Bar(ctx, "features", "images")
	values, shape, err := p.lab.DatasetFeatures(ctx, model, data, func(done features.Progress) {
		line = drawing.FeatureLine(&done)
		bar.Report(done.Computed+done.Cached, done.Total, "")
	})
	bar.End()
	if err != nil {
		return err
	}
	length := len(values) / shape[0]
	rows := make([]float32, 0, len(picked)*length)
	for _, i := range picked {
		rows = append(rows, values[i*length:(i+1)*length]...)
	}
	points, explained, err := projection.PCA(rows, len(picked))
	if err != nil {
		return fmt.Errorf("draw a map of %s: %w", data.Name, err)
	}
	drawn := figure.FeatureMapData{
		Title:  fmt.Sprintf("%s in the features of %s: %d of %d images", data.Name, model.Name, len(picked), len(data.Items)),
		Method: fmt.Sprintf("principal components of the features, %.0f %% of the variance", 100*explained),
	}
	drawn.Notes = append(drawn.Notes, drawing.WeightsNotes(model.Identity().Weights)...)
	for row, i := range picked {
		item := data.Items[i]
		pixels, err := drawing.ItemPixels(data, i)
		if err != nil {
			return err
		}
		drawn.Points = append(drawn.Points, figure.FeaturePoint{
			X: points[row][0], Y: points[row][1], Label: data.Classes[item.Label], Name: item.Path,
			Image: figure.RGB(pixels, drawing.ThumbSide, drawing.ThumbSide),
		})
	}
	if err := page.Printf("%s\n", line); err != nil {
		return err
	}
	_, err = page.Show(ctx, figure.FeatureMap(drawn))
	return err
}
