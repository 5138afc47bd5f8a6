// Command draw writes images of the source classes for train.py: [count, side, side, 3] bytes RGB, without a header. Image
// i belongs to class i modulo the number of classes; the classes go to standard output, one a line: name, shape and pattern,
// separated by tabs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"

	"github.com/headstart-nb/headstart/models/parallel"
	"github.com/headstart-nb/headstart/models/sampleset"
)

func main() {
	out := flag.String("out", "", "file to write")
	count := flag.Int("count", 0, "number of images")
	classes := flag.Int("classes", len(sampleset.SourceClasses()), "number of source classes, the first ones")
	side := flag.Int("side", 112, "height and width in pixels")
	seed := flag.Int64("seed", 0, "seed of the drawing")
	workers := flag.Int("workers", runtime.GOMAXPROCS(0), "number of goroutines")
	flag.Parse()
	if err := write(*out, *count, *classes, *side, *seed, max(*workers, 1)); err != nil {
		fmt.Fprintf(os.Stderr, "draw source images into %s: %v\n", *out, err)
		os.Exit(1)
	}
	for _, class := range sampleset.SourceClasses()[:*classes] {
		fmt.Printf("%s\t%s\t%s\n", class.Name, class.Shape, class.Pattern)
	}
}

func write(path string, count, classes, side int, seed int64, workers int) error {
	source, err := sampleset.NewSource(classes, side, seed)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	err = parallel.Each(context.Background(), workers, count, func(int) {}, func(i int) error {
		drawn := source.Draw(i)
		rgb := make([]byte, 0, side*side*3)
		for at := 0; at < len(drawn.Pix); at += 4 {
			rgb = append(rgb, drawn.Pix[at:at+3]...)
		}
		_, err := file.WriteAt(rgb, int64(i)*int64(len(rgb)))
		return err
	})
	return errors.Join(err, file.Close())
}
