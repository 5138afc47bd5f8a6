package models_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/models"
)

// The tutorial's job: a folder of photos becomes a classifier.
func Example() {
	ctx := context.Background()
	photos, home := colours(), scratch() // a folder for each class, and where features are kept

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

	model, err := session.Train(ctx, data, models.Config{Name: "colours", Epochs: 5, LearningRate: 0.01})
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	fmt.Println("epochs:", len(model.History))

	predictions, err := model.Predict(ctx, []string{filepath.Join(photos, "red", "0.png")}, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a red picture is", predictions[0].Top[0].Class)

	if err := model.Save(filepath.Join(home, "saved"), models.SaveOptions{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// classes: [blue red]
	// epochs: 5
	// a red picture is red
}

func scratch() string {
	dir, err := os.MkdirTemp("", "headstart-example-*")
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

// colours writes a few small pictures of two classes.
func colours() string {
	dir := scratch()
	random := rand.New(rand.NewPCG(1, 1))
	for class, tint := range map[string]color.RGBA{"red": {220, 40, 40, 255}, "blue": {40, 40, 220, 255}} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			log.Fatal(err)
		}
		for i := range 6 {
			picture := image.NewRGBA(image.Rect(0, 0, 40, 40))
			for p := range 1600 {
				c := tint
				c.G = uint8(random.IntN(120))
				picture.SetRGBA(p%40, p/40, c)
			}
			file, err := os.Create(filepath.Join(dir, class, fmt.Sprintf("%d.png", i)))
			if err != nil {
				log.Fatal(err)
			}
			if err := png.Encode(file, picture); err != nil {
				log.Fatal(err)
			}
			if err := file.Close(); err != nil {
				log.Fatal(err)
			}
		}
	}
	return dir
}
