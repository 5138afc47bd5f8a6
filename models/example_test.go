package models_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// The tutorial's job: a folder of photos becomes a classifier.
func Example() {
	ctx := context.Background()
	photos, home := colors(), scratch() // a folder for each class, and where features are kept

	session, err := models.Open(ctx, models.Options{Home: home, Device: "go", Weights: "random", Cut: "conv1", Size: 32})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	data, err := session.Dataset(ctx, photos)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("classes:", data.Classes)

	recipe := models.DefaultRecipe()
	recipe.Epochs, recipe.LearningRate = 5, 0.01
	model, err := session.Train(ctx, data, recipe)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	fmt.Println("epochs:", len(model.History))

	predictions, err := model.Predict(ctx, []string{filepath.Join(photos, "red", "0.png")}, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a red image is", predictions[0].Class())

	if err := model.Save(filepath.Join(home, "saved"), models.SaveOptions{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// classes: [blue red]
	// epochs: 5
	// a red image is red
}

// Events tell what happens, for curves that are live. nbhelpers.Curves draws them in a notebook.
func ExampleOptions_events() {
	ctx := context.Background()
	session, err := models.Open(ctx, models.Options{
		Home: scratch(), Device: "go", Weights: "random", Cut: "conv1", Size: 32,
		Events: func(e models.Event) {
			switch {
			case e.Features != nil && e.Features.Done:
				fmt.Println("features of", e.Features.Total, "images")
			case e.Epoch != nil:
				fmt.Println("epoch", e.Epoch.Epoch, "of", e.Epoch.Epochs)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	data, err := session.Dataset(ctx, colors())
	if err != nil {
		log.Fatal(err)
	}
	recipe := models.DefaultRecipe()
	recipe.Epochs = 2
	model, err := session.Train(ctx, data, recipe)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	// Output:
	// features of 12 images
	// epoch 1 of 2
	// epoch 2 of 2
}

// A training whose context is canceled finishes its batch, and gives back the best model so far beside the error.
func ExampleSession_Train_cancelled() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	session, err := models.Open(ctx, models.Options{
		Home: scratch(), Device: "go", Weights: "random", Cut: "conv1", Size: 32,
		Events: func(e models.Event) {
			if e.Epoch != nil {
				cancel()
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	data, err := session.Dataset(ctx, colors())
	if err != nil {
		log.Fatal(err)
	}
	recipe := models.DefaultRecipe()
	recipe.Epochs = 100
	model, err := session.Train(ctx, data, recipe)
	fmt.Println("stopped:", errors.Is(err, progress.ErrStopped))
	if model == nil {
		log.Fatal(err)
	}
	defer model.Close()
	fmt.Println("epochs:", len(model.History))
	// Output:
	// stopped: true
	// epochs: 1
}

// A saved model brings its labels and its preprocessing with it.
func ExampleSession_Load() {
	ctx := context.Background()
	photos, home := colors(), scratch()
	session, err := models.Open(ctx, models.Options{Home: home, Device: "go", Weights: "random", Cut: "conv1", Size: 32})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	data, err := session.Dataset(ctx, photos)
	if err != nil {
		log.Fatal(err)
	}
	recipe := models.DefaultRecipe()
	recipe.Epochs, recipe.LearningRate = 5, 0.01
	trained, err := session.Train(ctx, data, recipe)
	if err != nil {
		log.Fatal(err)
	}
	saved := filepath.Join(home, "saved")
	if err := errors.Join(trained.Save(saved, models.SaveOptions{}), trained.Close()); err != nil {
		log.Fatal(err)
	}

	model, err := session.Load(ctx, saved)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	report, err := model.Evaluate(ctx, data, "val")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Classes, "on", report.Images, "images it was not trained on")
	// Output: [blue red] on 2 images it was not trained on
}

// A Backbone is what turns an image into numbers.
func ExampleSession_Backbone() {
	ctx := context.Background()
	session, err := models.Open(ctx, models.Options{Home: scratch(), Device: "go", Weights: "random", Cut: "conv2"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	backbone, err := session.Backbone(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("an image becomes", backbone.FeatureShape(), "numbers")
	// Output: an image becomes [256] numbers
}

// TestMain gives the examples a folder for temporary files that goes with them: they cannot have one of testing.T.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "headstart-example-*")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.Setenv("TMPDIR", dir); err != nil {
		log.Fatal(err)
	}
	status := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		log.Fatal(err)
	}
	os.Exit(status)
}

func scratch() string {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

// colors writes a few small images of two classes.
func colors() string {
	dir := scratch()
	random := rand.New(rand.NewPCG(1, 1))
	for class, tint := range map[string]color.RGBA{"red": {220, 40, 40, 255}, "blue": {40, 40, 220, 255}} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			log.Fatal(err)
		}
		for i := range 6 {
			img := image.NewRGBA(image.Rect(0, 0, 40, 40))
			for p := range 1600 {
				c := tint
				c.G = uint8(random.IntN(120))
				img.SetRGBA(p%40, p/40, c)
			}
			file, err := os.Create(filepath.Join(dir, class, fmt.Sprintf("%d.png", i)))
			if err != nil {
				log.Fatal(err)
			}
			if err := png.Encode(file, img); err != nil {
				log.Fatal(err)
			}
			if err := file.Close(); err != nil {
				log.Fatal(err)
			}
		}
	}
	return dir
}
