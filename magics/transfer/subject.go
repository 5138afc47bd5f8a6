package transfer

import (
	"cmp"
	"context"
	"fmt"
	"image"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// thumb is the whole image at the size of a grid's cell; nil where it cannot be read, which the prediction has already said.
func (s subject) thumb() image.Image { return s.thumbAs("") }

// seen is the part of the image that a model sees, at the size of a grid's cell.
func (s subject) seen(trained *classifier.Model) image.Image {
	return s.thumbAs(trained.Backbone().Identity().Geometry.Method)
}

func (s subject) thumbAs(method imagefolder.Method) image.Image {
	rgb, err := s.decode()
	if err != nil {
		return nil
	}
	pixels := make([]uint8, thumbSide*thumbSide*3)
	rgb.Resize(pixels, imageio.Geometry{Size: thumbSide, Method: method})
	return figure.RGB(pixels, thumbSide, thumbSide)
}

// decode returns the image's own pixels.
func (s subject) decode() (imageio.RGB, error) {
	if s.file != "" {
		return decodeFile(s.file)
	}
	return imageio.RGB{Width: s.width, Height: s.height, Pix: s.pixels}, nil
}

func decodeFile(path string) (imageio.RGB, error) {
	data, err := imageio.ReadFile(path)
	if err != nil {
		return imageio.RGB{}, err
	}
	return imageio.Decode(data, imageio.Limits{})
}

// putSubjects are the images that a Go cell put under a name.
func (l *Lab) putSubjects(name string) ([]subject, error) {
	l.mu.Lock()
	value, ok := l.values[name]
	l.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("predicting @%s: nothing has that name; a Go cell gives it one with nbhelpers.Put(%q, images)", name, name)
	}
	if len(value.Images) == 0 {
		return nil, fmt.Errorf("predicting @%s: it holds no images", name)
	}
	return subjectsOf(value.Images)
}

func subjectsOf(images []warm.Image) ([]subject, error) {
	list := make([]subject, 0, len(images))
	for i, p := range images {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("image %d: %w", i+1, err)
		}
		s := subject{name: p.Name, file: p.File, pixels: p.RGB, width: p.Width, height: p.Height}
		if s.name == "" {
			s.name = cmp.Or(s.file, fmt.Sprintf("image %d", i+1))
		}
		list = append(list, s)
	}
	return list, nil
}

// resized are the pixels of an image that is in no file, in a geometry.
func (s subject) resized(geometry imageio.Geometry) []uint8 {
	pixels := make([]uint8, geometry.Bytes())
	imageio.RGB{Width: s.width, Height: s.height, Pix: s.pixels}.Resize(pixels, geometry)
	return pixels
}

// predictPixels answers one image that is not in a file.
func predictPixels(ctx context.Context, trained *classifier.Model, s subject, top int) (prediction.Prediction, error) {
	probabilities, err := trained.PredictPixels(ctx, s.resized(trained.Backbone().Identity().Geometry), 1)
	if err != nil {
		return prediction.Prediction{}, err
	}
	return trained.Rank(probabilities, top)
}
