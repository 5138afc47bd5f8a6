package nbhelpers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"

	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Put stores a value under a name, with which later cells Get it. Images (an image.Image or a slice of them) are also
// what magics take as @name; every other value is stored as JSON.
func Put(ctx context.Context, name string, value any) error {
	v, err := warmValue(value)
	if err != nil {
		return fmt.Errorf("put %q: %w", name, err)
	}
	return ask(ctx, warm.MethodPut, warm.PutParams{Name: name, Value: v}, nil)
}

// Get returns the value that Put or a magic stored under a name: "last.report" is the warm.Report of %evaluate,
// "last.predictions" the warm.PredictResult of %predict. T is the type that was put, or one that can be decoded from its
// JSON; []warm.Image for images.
func Get[T any](ctx context.Context, name string) (T, error) {
	var result T
	var v warm.Value
	if err := ask(ctx, warm.MethodGet, warm.GetParams{Name: name}, &v); err != nil {
		return result, err
	}
	if err := fromWarm(v, &result); err != nil {
		return result, fmt.Errorf("get %q as %T: %w", name, result, err)
	}
	return result, nil
}

func warmValue(value any) (warm.Value, error) {
	switch value := value.(type) {
	case image.Image:
		list, err := pixelImages([]image.Image{value})
		return warm.Value{Images: list}, err
	case []image.Image:
		list, err := pixelImages(value)
		return warm.Value{Images: list}, err
	case warm.Image:
		return warm.Value{Images: []warm.Image{value}}, value.Check()
	case []warm.Image:
		for _, img := range value {
			if err := img.Check(); err != nil {
				return warm.Value{}, err
			}
		}
		return warm.Value{Images: value}, nil
	case warm.Tensor:
		return warm.Value{Tensor: &value}, nil
	}
	raw, err := json.Marshal(value)
	return warm.Value{JSON: raw}, err
}

// fromWarm stores a value in result, a pointer.
func fromWarm(v warm.Value, result any) error {
	switch to := result.(type) {
	case *warm.Value:
		*to = v
		return nil
	case *[]warm.Image:
		*to = v.Images
		return nil
	case *warm.Tensor:
		if v.Tensor == nil {
			return errors.New("the value is not a tensor")
		}
		*to = *v.Tensor
		return nil
	case *[]image.Image:
		for _, p := range v.Images {
			img, err := p.Image()
			if err != nil {
				return err
			}
			*to = append(*to, img)
		}
		return nil
	case *image.Image:
		if len(v.Images) != 1 {
			return fmt.Errorf("the value holds %d images: ask for []image.Image", len(v.Images))
		}
		img, err := v.Images[0].Image()
		*to = img
		return err
	}
	if v.JSON == nil {
		return errors.New("the value is images or a tensor: ask for []image.Image or warm.Tensor")
	}
	return json.Unmarshal(v.JSON, result)
}
