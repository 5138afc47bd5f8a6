// The program uses all of nbhelpers that a Go cell would, outside of any notebook.
package main

import (
	"context"
	"fmt"
	"image"
	"log"

	"github.com/headstart-nb/headstart/nbhelpers"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

func main() {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	check(nbhelpers.Show(img))
	check(nbhelpers.Show([]image.Image{img, img}))
	check(nbhelpers.Show(nbhelpers.Markdown("**bold**")))
	check(nbhelpers.Show(nbhelpers.HTML("<b>bold</b>")))
	check(nbhelpers.Show([]struct {
		Class    string
		Fraction float64
	}{{"glass", 2.0 / 3}, {"paper", 0.25}}))
	check(nbhelpers.Show(display.Text("a figure's text")))
	check(nbhelpers.Table([]string{"epoch", "loss"}, []string{"1", "1.90"}))
	check(nbhelpers.Grid("pets", nbhelpers.Image{Image: img, Title: "cat", Caption: "97 %", Mark: sketch.MarkRight}))

	bar := nbhelpers.Progress("reading", 3)
	for range 3 {
		check(bar.Add(1))
	}
	check(bar.Close())

	curves := nbhelpers.Curves("my loop", 2)
	for epoch := range 2 {
		curves.Add("loss", "train", 1/float64(epoch+1))
		check(curves.Step())
	}
	check(curves.Close())

	name, err := nbhelpers.Ask("who? ", false)
	check(err)
	fmt.Println("hello", name)
	if _, err := nbhelpers.Classifier("").PredictImages(context.Background(), img); err != nil {
		fmt.Println(err)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
