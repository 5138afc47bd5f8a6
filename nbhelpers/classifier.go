package nbhelpers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

const runtimeDirVariable = warm.EnvRuntimeDir

// Model is a warm model: one that %model or %train made and that the model server keeps, compiled and loaded.
type Model struct {
	name   string
	client *warm.Client // nil outside of Headstart
}

// shared is the connection that all models of the program share.
var shared = sync.OnceValue(func() *warm.Client { return clientOf(environment()) })

func clientOf(s surroundings) *warm.Client {
	if s.runtimeDir == "" {
		return nil
	}
	return warm.NewClient(warm.SocketPath(s.runtimeDir))
}

// Classifier returns the warm model of a name, as %model and %train --name gave it; "" is the latest. It does nothing
// yet: a model that is not there is an error of its methods.
func Classifier(name string) *Model { return &Model{name: name, client: shared()} }

// ErrNoServer says that the program does not run in a Headstart notebook, where the models are.
var ErrNoServer = errors.New("there is no model server: run this in a cell of a Headstart notebook (the kernel sets " + warm.EnvRuntimeDir + ")")

func (m *Model) call(ctx context.Context, method string, params, result any) error {
	if m.client == nil {
		return fmt.Errorf("%s: %w", method, ErrNoServer)
	}
	return m.client.Call(ctx, method, params, result)
}

// Predict returns the five most likely classes of each image, in their order. An image is a file's path (string), an
// image.Image, a warm.Image, or a slice of one of these; "@name" stands for images that Put named.
func (m *Model) Predict(ctx context.Context, images ...any) ([]warm.Prediction, error) {
	list, err := warmImages(images)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	var result warm.PredictResult
	err = m.call(ctx, warm.MethodPredict, warm.PredictParams{Model: m.name, Images: list}, &result)
	return result.Predictions, err
}

// Features returns the backbone's features of images, which are given as to Predict: one row an image.
func (m *Model) Features(ctx context.Context, images ...any) ([][]float32, error) {
	list, err := warmImages(images)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	var result warm.FeaturesResult
	if err := m.call(ctx, warm.MethodFeatures, warm.FeaturesParams{Model: m.name, Images: list}, &result); err != nil {
		return nil, err
	}
	return result.Features.Rows()
}

// Evaluate says how good the model is on a split of the dataset that it was trained on ("val", "test" or "train"), or,
// where it is given anything else, on a folder with one folder a class.
func (m *Model) Evaluate(ctx context.Context, splitOrDir string) (warm.Report, error) {
	params := warm.EvaluateParams{Model: m.name}
	switch splitOrDir {
	case "", "val", "test", "train":
		params.Split = splitOrDir
	default:
		dir, err := filepath.Abs(splitOrDir)
		if err != nil {
			return warm.Report{}, fmt.Errorf("evaluate on %s: %w", splitOrDir, err)
		}
		params.Dir = dir
	}
	var report warm.Report
	err := m.call(ctx, warm.MethodEvaluate, params, &report)
	return report, err
}

// Explain says where in an image, which is given as to Predict, the model sees a class (Grad-CAM); "" is the most likely
// class.
func (m *Model) Explain(ctx context.Context, img any, class string) (warm.Explanation, error) {
	var explanation warm.Explanation
	list, err := warmImages([]any{img})
	if err != nil {
		return explanation, fmt.Errorf("explain: %w", err)
	}
	if len(list) != 1 {
		return explanation, fmt.Errorf("explain: %d images are given; one at a time is explained", len(list))
	}
	err = m.call(ctx, warm.MethodExplain, warm.ExplainParams{Model: m.name, Image: list[0], Class: class}, &explanation)
	return explanation, err
}

// Models lists the warm models.
func Models(ctx context.Context) ([]warm.Model, error) {
	var result warm.ModelsResult
	err := Classifier("").call(ctx, warm.MethodModels, nil, &result)
	return result.Models, err
}

// Put gives a value a name, under which later cells Get it. Images (an image.Image or a slice of them) are what magics
// take as @name as well; everything else goes as JSON.
func Put(ctx context.Context, name string, value any) error {
	v, err := warmValue(value)
	if err != nil {
		return fmt.Errorf("put %q: %w", name, err)
	}
	return Classifier("").call(ctx, warm.MethodPut, warm.PutParams{Name: name, Value: v}, nil)
}

// Get returns the value that Put or a magic named: "last.report" is the warm.Report of %evaluate, "last.predictions" the
// warm.PredictResult of %predict. T is the type that was put, or one that its JSON fits; []warm.Image for images.
func Get[T any](ctx context.Context, name string) (T, error) {
	var result T
	var v warm.Value
	if err := Classifier("").call(ctx, warm.MethodGet, warm.GetParams{Name: name}, &v); err != nil {
		return result, err
	}
	if err := fromWarm(v, &result); err != nil {
		return result, fmt.Errorf("get %q as %T: %w", name, result, err)
	}
	return result, nil
}

func warmValue(value any) (warm.Value, error) {
	switch value := value.(type) {
	case image.Image, []image.Image, warm.Image, []warm.Image:
		list, err := warmImages([]any{value})
		return warm.Value{Images: list}, err
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
			return errors.New("it is no tensor")
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
			return fmt.Errorf("it is %d images", len(v.Images))
		}
		img, err := v.Images[0].Image()
		*to = img
		return err
	}
	if v.JSON == nil {
		return errors.New("it is images or a tensor: ask for []warm.Image or warm.Tensor")
	}
	return json.Unmarshal(v.JSON, result)
}

// warmImages flattens what Predict takes.
func warmImages(given []any) ([]warm.Image, error) {
	var list []warm.Image
	for _, item := range given {
		switch item := item.(type) {
		case warm.Image:
			if err := item.Check(); err != nil {
				return nil, err
			}
			list = append(list, item)
		case string:
			if !strings.HasPrefix(item, "@") {
				file, err := filepath.Abs(item)
				if err != nil {
					return nil, err
				}
				list = append(list, warm.Image{File: file})
			} else {
				list = append(list, warm.Image{File: item})
			}
		case image.Image:
			img, err := warm.FromImage("", item)
			if err != nil {
				return nil, err
			}
			list = append(list, img)
		case []string:
			more, err := warmImages(anys(item))
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		case []image.Image:
			more, err := warmImages(anys(item))
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		case []warm.Image:
			more, err := warmImages(anys(item))
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		default:
			return nil, fmt.Errorf("an image cannot be a %T: give a file's path, an image.Image or a warm.Image", item)
		}
	}
	return list, nil
}

func anys[T any](items []T) []any {
	result := make([]any, len(items))
	for i, item := range items {
		result[i] = item
	}
	return result
}
