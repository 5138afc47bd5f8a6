package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/projection"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// mostMapped is how many images lie on a map: more of them hide each other, and the notebook keeps them all.
const mostMapped = 600

// showMap shows which images of a dataset the current model's backbone finds alike.
func (l *Lab) showMap(ctx context.Context, in *magics.Invocation, data *imagefolder.Dataset, o showFlags) error {
	model, err := l.Model("")
	if err != nil {
		return fmt.Errorf("drawing a map of %s: %w", data.Name, err)
	}
	picked, err := spread(data, o.Class, o.Split, mostMapped)
	if err != nil {
		return err
	}
	if len(picked) == 0 {
		return fmt.Errorf("drawing a map of %s: no image is on the side %s of its split", data.Name, o.Split)
	}
	features, shape, line, err := l.DatasetFeatures(ctx, model, data, in)
	if err != nil {
		return err
	}
	length := len(features) / shape[0]
	rows := make([]float32, 0, len(picked)*length)
	for _, i := range picked {
		rows = append(rows, features[i*length:(i+1)*length]...)
	}
	points, explained, err := projection.PCA(rows, len(picked))
	if err != nil {
		return fmt.Errorf("drawing a map of %s: %w", data.Name, err)
	}
	drawn := figure.FeatureMapData{
		Title:  fmt.Sprintf("%s as %s sees it: %d of %d images", data.Name, model.Name, len(picked), len(data.Items)),
		Method: fmt.Sprintf("principal components of the features, %.0f %% of the variance", 100*explained),
	}
	if !model.Backbone.Trained() {
		drawn.Notes = append(drawn.Notes, untrainedNote)
	}
	for row, i := range picked {
		item := data.Items[i]
		pixels, err := data.Pixels(i, imagefolder.Geometry{Size: thumbSide, Method: imagefolder.Bilinear})
		if err != nil {
			return err
		}
		drawn.Points = append(drawn.Points, figure.FeaturePoint{
			X: points[row][0], Y: points[row][1], Label: data.Classes[item.Label], Name: item.Path,
			Image: figure.RGB(pixels, thumbSide, thumbSide),
		})
	}
	if err := in.Printf("%s\n", line); err != nil {
		return err
	}
	_, err = in.Show(ctx, figure.FeatureMap(drawn))
	return err
}
