package nbhelpers

import (
	"context"
	"fmt"
	"image"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Predict returns the five most probable classes of each image, in order. An image is a file's path (string), an
// image.Image, a warm.Image, or a slice of one of these; "@name" stands for images that Put stored.
//
// Deprecated: use PredictFiles, PredictImages or PredictNamed, whose arguments the compiler checks. Predict goes away
// with the release after next.
func (m *Model) Predict(ctx context.Context, images ...any) ([]prediction.Prediction, error) {
	list, err := warmImages(images)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return m.predict(ctx, list)
}

// Features returns the backbone's features of images, which are given as to Predict: one row per image.
//
// Deprecated: use FeaturesOfFiles or FeaturesOfImages. Features goes away with the release after next.
func (m *Model) Features(ctx context.Context, images ...any) ([][]float32, error) {
	list, err := warmImages(images)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return m.features(ctx, list)
}

// Evaluate measures the model on a split of the dataset that it was trained on ("val", also where it is empty, "test" or
// "train"), or, where it is given anything else, on a folder with one subfolder per class.
//
// Deprecated: use EvaluateSplit or EvaluateFolder. Evaluate goes away with the release after next.
func (m *Model) Evaluate(ctx context.Context, splitOrDir string) (warm.Report, error) {
	switch splitOrDir {
	case "":
		return m.EvaluateSplit(ctx, "val")
	case "val", "test", "train":
		return m.EvaluateSplit(ctx, splitOrDir)
	}
	return m.EvaluateFolder(ctx, splitOrDir)
}

// Explain computes where in an image, which is given as to Predict, the model finds a class (Grad-CAM); "" is the most
// probable class.
//
// Deprecated: use ExplainFile or ExplainImage. Explain goes away with the release after next.
func (m *Model) Explain(ctx context.Context, img any, class string) (warm.Explanation, error) {
	list, err := warmImages([]any{img})
	if err != nil {
		return warm.Explanation{}, fmt.Errorf("explain: %w", err)
	}
	if len(list) != 1 {
		return warm.Explanation{}, fmt.Errorf("explain: got %d images; give one", len(list))
	}
	return m.explain(ctx, list[0], class)
}

// warmImages flattens what Predict takes.
func warmImages(given []any) ([]warm.Image, error) {
	var list []warm.Image
	for _, item := range given {
		var more []warm.Image
		var err error
		switch item := item.(type) {
		case warm.Image:
			more, err = []warm.Image{item}, item.Check()
		case string:
			if strings.HasPrefix(item, "@") {
				more = []warm.Image{named(item)}
			} else {
				more, err = fileImages([]string{item})
			}
		case image.Image:
			more, err = pixelImages([]image.Image{item})
		case []string:
			more, err = warmImages(anys(item))
		case []image.Image:
			more, err = pixelImages(item)
		case []warm.Image:
			more, err = warmImages(anys(item))
		default:
			return nil, fmt.Errorf("an image must be one of a file's path, image.Image, warm.Image; got %T", item)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
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
