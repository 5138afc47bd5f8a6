package transfer

import (
	"cmp"
	"context"
	"fmt"
	"image"

	"github.com/headstart-nb/headstart/models/picture"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// thumb is the picture at the size of a grid's cell; nil where it cannot be read, which the prediction has already said.
func (s subject) thumb() image.Image {
	rgb := picture.RGB{Width: s.width, Height: s.height, Pix: s.pixels}
	if s.file != "" {
		var err error
		if rgb, err = decodeFile(s.file); err != nil {
			return nil
		}
	}
	pixels := make([]uint8, thumbSide*thumbSide*3)
	rgb.Resize(pixels, picture.Geometry{Size: thumbSide})
	return figure.RGB(pixels, thumbSide, thumbSide)
}

func decodeFile(path string) (picture.RGB, error) {
	data, err := picture.ReadFile(path)
	if err != nil {
		return picture.RGB{}, err
	}
	return picture.Decode(data, picture.Limits{})
}

// putSubjects are the pictures that a Go cell put under a name.
func (l *Lab) putSubjects(name string) ([]subject, error) {
	l.mu.Lock()
	value, ok := l.values[name]
	l.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("predicting @%s: nothing has that name; a Go cell gives it one with nbhelpers.Put(%q, pictures)", name, name)
	}
	if len(value.Pictures) == 0 {
		return nil, fmt.Errorf("predicting @%s: it holds no pictures", name)
	}
	return subjectsOf(value.Pictures)
}

func subjectsOf(pictures []warm.Picture) ([]subject, error) {
	list := make([]subject, 0, len(pictures))
	for i, p := range pictures {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("picture %d: %w", i+1, err)
		}
		s := subject{name: p.Name, file: p.File, pixels: p.RGB, width: p.Width, height: p.Height}
		if s.name == "" {
			s.name = cmp.Or(s.file, fmt.Sprintf("picture %d", i+1))
		}
		list = append(list, s)
	}
	return list, nil
}

// resized are the pixels of a picture that is in no file, at the size that a model sees.
func (s subject) resized(trained *training.Model) []uint8 {
	geometry := trained.Backbone.Identity().Geometry
	pixels := make([]uint8, geometry.Bytes())
	picture.RGB{Width: s.width, Height: s.height, Pix: s.pixels}.Resize(pixels, geometry)
	return pixels
}

// predictPixels answers one picture that is not in a file.
func predictPixels(ctx context.Context, trained *training.Model, s subject, top int) (training.Prediction, error) {
	probabilities, err := trained.PredictPixels(ctx, s.resized(trained), 1)
	if err != nil {
		return training.Prediction{}, err
	}
	return trained.Rank(probabilities, top)
}
