package nbhelpers

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Model is a warm model: one that %model or %train made and that the model server keeps compiled and loaded.
type Model struct {
	name   string
	client *warm.Client // nil outside of Headstart
}

// Classifier returns the warm model of a name, as %model and %train --name gave it; "" is the latest. It connects at the
// first call of a method, and a model that does not exist is an error of that method.
func Classifier(name string) *Model {
	return &Model{name: name, client: newClient(os.Getenv(warm.EnvRuntimeDir))}
}

// newClient makes a client of the server in a runtime folder; nil where there is no folder.
func newClient(runtimeDir string) *warm.Client {
	if runtimeDir == "" {
		return nil
	}
	return warm.NewClient(warm.SocketPath(runtimeDir))
}

// ErrNoServer says that the program does not run in a Headstart notebook, which has a model server.
var ErrNoServer = errors.New("there is no model server: run this in a cell of a Headstart notebook (the kernel sets " + warm.EnvRuntimeDir + ")")

func (m *Model) call(ctx context.Context, method string, params, result any) error {
	if m.client == nil {
		return fmt.Errorf("%s: %w", method, ErrNoServer)
	}
	return m.client.Call(ctx, method, params, result)
}

// ask makes one call over a connection of its own.
func ask(ctx context.Context, method string, params, result any) error {
	m := Classifier("")
	if m.client != nil {
		defer m.client.Close()
	}
	return m.call(ctx, method, params, result)
}

// PredictFiles returns the five most probable classes of each image file, in the order of the files.
func (m *Model) PredictFiles(ctx context.Context, files ...string) ([]prediction.Prediction, error) {
	list, err := fileImages(files)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return m.predict(ctx, list)
}

// PredictImages returns the five most probable classes of each image. The server resizes the images as the model's own
// images were resized.
func (m *Model) PredictImages(ctx context.Context, images ...image.Image) ([]prediction.Prediction, error) {
	list, err := pixelImages(images)
	if err != nil {
		return nil, fmt.Errorf("predict: %w", err)
	}
	return m.predict(ctx, list)
}

// PredictNamed returns the five most probable classes of each image that Put stored under a name.
func (m *Model) PredictNamed(ctx context.Context, name string) ([]prediction.Prediction, error) {
	return m.predict(ctx, []warm.Image{named(name)})
}

func (m *Model) predict(ctx context.Context, images []warm.Image) ([]prediction.Prediction, error) {
	var result warm.PredictResult
	err := m.call(ctx, warm.MethodPredict, warm.PredictParams{Model: m.name, Images: images}, &result)
	return result.Predictions, err
}

// FeaturesOfFiles returns the backbone's features of image files, one row per file.
func (m *Model) FeaturesOfFiles(ctx context.Context, files ...string) ([][]float32, error) {
	list, err := fileImages(files)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return m.features(ctx, list)
}

// FeaturesOfImages returns the backbone's features of images, one row per image. The server resizes the images as the
// model's own images were resized.
func (m *Model) FeaturesOfImages(ctx context.Context, images ...image.Image) ([][]float32, error) {
	list, err := pixelImages(images)
	if err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return m.features(ctx, list)
}

func (m *Model) features(ctx context.Context, images []warm.Image) ([][]float32, error) {
	var result warm.FeaturesResult
	if err := m.call(ctx, warm.MethodFeatures, warm.FeaturesParams{Model: m.name, Images: images}, &result); err != nil {
		return nil, err
	}
	return result.Features.Rows()
}

// EvaluateSplit measures the model on a split of the dataset that it was trained on: "train", "val" or "test".
func (m *Model) EvaluateSplit(ctx context.Context, split string) (warm.Report, error) {
	if !slices.Contains([]string{"train", "val", "test"}, split) {
		return warm.Report{}, fmt.Errorf("evaluate: the split must be one of train, val, test; got %q", split)
	}
	return m.evaluate(ctx, warm.EvaluateParams{Model: m.name, Split: split})
}

// EvaluateFolder measures the model on the images of a folder with one subfolder per class.
func (m *Model) EvaluateFolder(ctx context.Context, dir string) (warm.Report, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return warm.Report{}, fmt.Errorf("evaluate on %s: %w", dir, err)
	}
	return m.evaluate(ctx, warm.EvaluateParams{Model: m.name, Dir: path})
}

func (m *Model) evaluate(ctx context.Context, params warm.EvaluateParams) (warm.Report, error) {
	var report warm.Report
	err := m.call(ctx, warm.MethodEvaluate, params, &report)
	return report, err
}

// ExplainFile computes where in an image file the model finds a class (Grad-CAM); "" is the most probable class.
func (m *Model) ExplainFile(ctx context.Context, file, class string) (warm.Explanation, error) {
	list, err := fileImages([]string{file})
	if err != nil {
		return warm.Explanation{}, fmt.Errorf("explain: %w", err)
	}
	return m.explain(ctx, list[0], class)
}

// ExplainImage computes where in an image the model finds a class (Grad-CAM); "" is the most probable class.
func (m *Model) ExplainImage(ctx context.Context, img image.Image, class string) (warm.Explanation, error) {
	list, err := pixelImages([]image.Image{img})
	if err != nil {
		return warm.Explanation{}, fmt.Errorf("explain: %w", err)
	}
	return m.explain(ctx, list[0], class)
}

func (m *Model) explain(ctx context.Context, img warm.Image, class string) (warm.Explanation, error) {
	var explanation warm.Explanation
	err := m.call(ctx, warm.MethodExplain, warm.ExplainParams{Model: m.name, Image: img, Class: class}, &explanation)
	return explanation, err
}

// Models lists the warm models.
func Models(ctx context.Context) ([]warm.Model, error) {
	var result warm.ModelsResult
	err := ask(ctx, warm.MethodModels, nil, &result)
	return result.Models, err
}

func fileImages(files []string) ([]warm.Image, error) {
	list := make([]warm.Image, len(files))
	for i, file := range files {
		path, err := filepath.Abs(file) // the server has another working folder
		if err != nil {
			return nil, fmt.Errorf("image %d of %d: %w", i+1, len(files), err)
		}
		list[i].File = path
	}
	return list, nil
}

func pixelImages(images []image.Image) ([]warm.Image, error) {
	list := make([]warm.Image, len(images))
	for i, img := range images {
		var err error
		if list[i], err = warm.FromImage("", img); err != nil {
			return nil, fmt.Errorf("image %d of %d: %w", i+1, len(images), err)
		}
	}
	return list, nil
}

// named stands for the images that Put stored under a name.
func named(name string) warm.Image { return warm.Image{File: "@" + strings.TrimPrefix(name, "@")} }
