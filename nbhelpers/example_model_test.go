package nbhelpers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"log"
	"os"
	"testing"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
	"github.com/headstart-nb/headstart/nbhelpers/warm/server"
)

// TestMain gives the examples a model server that knows one model, as the cells of a notebook have one after %train.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "warm")
	if err != nil {
		log.Fatal(err)
	}
	listener, err := server.Listen(warm.SocketPath(dir))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Setenv(warm.EnvRuntimeDir, dir); err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener, answerCats) }()
	code := m.Run()
	cancel()
	<-served
	if err := os.RemoveAll(dir); err != nil {
		log.Print(err)
	}
	os.Exit(code)
}

// answerCats is a model server whose model predicts cat for every image.
func answerCats(_ context.Context, method string, params json.RawMessage) (any, error) {
	switch method {
	case warm.MethodModels:
		return warm.ModelsResult{Models: []warm.Model{{Name: "pets", Labels: []string{"cat", "dog"}, Trained: true}}}, nil
	case warm.MethodPredict:
		return warm.PredictResult{Model: "pets", Predictions: []prediction.Prediction{{
			Name: "cat.jpg", Top: []prediction.Score{{Class: "cat", Probability: 0.9}, {Class: "dog", Index: 1, Probability: 0.1}},
		}}}, nil
	case warm.MethodFeatures:
		features, err := warm.NewTensor([]float32{0.5, 0, 2}, 1, 3)
		return warm.FeaturesResult{Model: "pets", Features: features}, err
	case warm.MethodEvaluate:
		return warm.Report{Model: "pets", Split: "val", Images: 20, Accuracy: 0.95, Classes: []warm.ClassReport{
			{Label: "cat", Precision: 1, Recall: 0.9, F1: 0.947, Images: 10}, {Label: "dog", Precision: 0.909, Recall: 1, F1: 0.952, Images: 10},
		}}, nil
	case warm.MethodExplain:
		heat, err := warm.NewTensor([]float32{0, 0, 0, 1}, 2, 2)
		return warm.Explanation{Model: "pets", Class: prediction.Score{Class: "cat", Probability: 0.9}, Heat: heat}, err
	case warm.MethodPut:
		return nil, nil
	case warm.MethodGet:
		return warm.Value{JSON: json.RawMessage(`{"model":"pets","images":20,"accuracy":0.95}`)}, nil
	}
	return nil, fmt.Errorf("there is no method %q", method)
}

// The model that %train made answers without being loaded or compiled in the cell.
func ExampleClassifier() {
	model := nbhelpers.Classifier("pets") // "" is the latest
	predictions, err := model.PredictFiles(context.Background(), "cat.jpg")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %.0f %%\n", predictions[0].Class(), 100*predictions[0].Probability())
	// Output: cat, 90 %
}

func ExampleModel_PredictFiles() {
	predictions, err := nbhelpers.Classifier("").PredictFiles(context.Background(), "cat.jpg", "dog.jpg")
	if err != nil {
		log.Fatal(err)
	}
	if err := nbhelpers.Show(predictions); err != nil {
		log.Fatal(err)
	}
	// Output:
	// image    truth  class  probability  then
	// ───────  ─────  ─────  ───────────  ──────────
	// cat.jpg         cat         90.0 %  dog 10.0 %
}

// Images that exist in memory only go to the same model; the server resizes them.
func ExampleModel_PredictImages() {
	painted := image.NewRGBA(image.Rect(0, 0, 640, 480))
	predictions, err := nbhelpers.Classifier("").PredictImages(context.Background(), painted)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(predictions[0].Class())
	// Output: cat
}

// The backbone's features are what the head is trained on. They also serve for search and clustering.
func ExampleModel_FeaturesOfFiles() {
	features, err := nbhelpers.Classifier("").FeaturesOfFiles(context.Background(), "cat.jpg")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(features), "image,", len(features[0]), "numbers:", features[0])
	// Output: 1 image, 3 numbers: [0.5 0 2]
}

func ExampleModel_EvaluateSplit() {
	report, err := nbhelpers.Classifier("").EvaluateSplit(context.Background(), "val")
	if err != nil {
		log.Fatal(err)
	}
	if err := nbhelpers.Show(report); err != nil {
		log.Fatal(err)
	}
	// Output:
	// pets on val: accuracy 95.0 %, loss 0.0000, 20 images
	// class  precision   recall      F1  images
	// ─────  ─────────  ───────  ──────  ──────
	// cat      100.0 %   90.0 %  94.7 %      10
	// dog       90.9 %  100.0 %  95.2 %      10
}

// In a notebook, Show draws the image, and the image below its heat map.
func ExampleModel_ExplainFile() {
	explanation, err := nbhelpers.Classifier("").ExplainFile(context.Background(), "cat.jpg", "cat")
	if err != nil {
		log.Fatal(err)
	}
	if err := nbhelpers.Show(explanation); err != nil {
		log.Fatal(err)
	}
	// Output: heat map of pets for cat (90.0 %)
}

func ExampleModels() {
	models, err := nbhelpers.Models(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range models {
		fmt.Println(m.Name, m.Labels, m.Trained)
	}
	// Output: pets [cat dog] true
}

// Images that a cell has put are what magics take: %predict @batch.
func ExamplePut() {
	batch := []image.Image{image.NewRGBA(image.Rect(0, 0, 224, 224))}
	if err := nbhelpers.Put(context.Background(), "batch", batch); err != nil {
		log.Fatal(err)
	}
	// Output:
}

// What %evaluate found is a Go value in the cells below it.
func ExampleGet() {
	report, err := nbhelpers.Get[warm.Report](context.Background(), "last.report")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Images, "images, accuracy", report.Accuracy)
	// Output: 20 images, accuracy 0.95
}
