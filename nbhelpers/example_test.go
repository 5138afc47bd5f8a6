package nbhelpers_test

import (
	"fmt"
	"image"
	"log"

	"github.com/headstart-nb/headstart/nbhelpers"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

func ExampleShow() {
	type class struct {
		Name   string
		Images int
	}
	// A slice of structs is a table: HTML in a notebook, columns of text here.
	if err := nbhelpers.Show([]class{{"glass", 80}, {"paper", 120}}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Name   Images
	// ─────  ──────
	// glass      80
	// paper     120
}

func ExampleTable() {
	if err := nbhelpers.Table([]string{"epoch", "loss"}, []string{"1", "1.90"}, []string{"2", "1.12"}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// epoch  loss
	// ─────  ────
	//     1  1.90
	//     2  1.12
}

// A notebook shows the images; a terminal says what they are.
func ExampleGrid() {
	img := image.NewRGBA(image.Rect(0, 0, 224, 224))
	err := nbhelpers.Grid("validation images",
		nbhelpers.Image{Image: img, Title: "glass", Caption: "97 %", Mark: sketch.MarkRight},
		nbhelpers.Image{Image: img, Title: "metal", Caption: "glass 51 %", Mark: sketch.MarkWrong},
	)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// validation images
	//   1 ✓ glass 97 %
	//   2 ✗ metal glass 51 %
}

func ExampleProgress() {
	files := []string{"a.jpg", "b.jpg"}
	bar := nbhelpers.Progress("reading", len(files))
	defer bar.Close()
	for range files {
		// The work stands here.
		if err := bar.Add(1); err != nil {
			log.Fatal(err)
		}
	}
}

func ExampleCurves() {
	curves := nbhelpers.Curves("my loop", 1)
	curves.Add("accuracy", "train", 0.5)
	curves.Percent("accuracy")
	if err := curves.Step(); err != nil {
		log.Fatal(err)
	}
	if err := curves.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// my loop running · epoch 1 of 1
	// my loop
	// done · epoch 1 of 1
	// accuracy: ○ train
	// 100.0 % ┤
	//         │
	//         │
	//         │
	//         │
	//  75.0 % ┤
	//         │
	//         │
	//         │
	//         │
	//  50.0 % ┤○
	//         └───────────────────────────────────────────────────────────────
	//          1                            epoch
}

func ExampleAsk() {
	name, err := nbhelpers.Ask("your name? ", false)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("hello", name)
}
