// Package sampleset draws labeled images, so that everything can be tried without a download.
//
// A class is a shape (circle, star), a pattern (stripes, dots), or a shape filled with a pattern; colors, place, size, turn,
// background, clutter and noise vary, so that nothing but the class tells the images apart. The same options give the same
// files on the same processor architecture.
package sampleset

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"github.com/headstart-nb/headstart/models/parallel"
)

// Version goes up when the same options give other images.
const Version = 1

// Options say what to draw. The zero value means the defaults.
type Options struct {
	Classes  int // 2 to MaxClasses; 0 means 10
	PerClass int // 1 to 100,000; 0 means 60
	Seed     int64
	Workers  int                                // 0 means the number of processors
	Progress func(done, total int, what string) // called from one goroutine, a few times a second
}

// WithDefaults fills in what is zero, and refuses what cannot be drawn.
func (o Options) WithDefaults() (Options, error) {
	if o.Classes == 0 {
		o.Classes = 10
	}
	if o.PerClass == 0 {
		o.PerClass = 60
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(int, int, string) {}
	}
	if o.Classes < 2 || o.Classes > MaxClasses {
		return o, fmt.Errorf("draw a sample of %d classes: choose 2 to %d", o.Classes, MaxClasses)
	}
	if o.PerClass < 1 || o.PerClass > 100_000 {
		return o, fmt.Errorf("draw a sample of %d images a class: choose 1 to 100000", o.PerClass)
	}
	return o, nil
}

// Write draws the images as JPEG files into dir, a folder for each class. dir appears whole or not at all; where it exists
// already it is left as it is.
func Write(ctx context.Context, dir string, o Options) error {
	o, err := o.WithDefaults()
	if err != nil {
		return err
	}
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("draw a sample: %w", err)
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), ".drawing-*")
	if err != nil {
		return fmt.Errorf("draw a sample: %w", err)
	}
	defer os.RemoveAll(temporary) // nothing is there after the rename
	if err := drawAll(ctx, temporary, o); err != nil {
		return fmt.Errorf("draw a sample into %s: %w", dir, err)
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return fmt.Errorf("draw a sample: %w", err)
	}
	if err := os.Rename(temporary, dir); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("draw a sample: %w", err)
	}
	return nil
}

func drawAll(ctx context.Context, dir string, o Options) error {
	classes := kinds()[:o.Classes]
	for _, class := range classes {
		if err := os.Mkdir(filepath.Join(dir, class.name()), 0o755); err != nil {
			return err
		}
	}
	total := o.Classes * o.PerClass
	return parallel.Each(ctx, o.Workers, total, func(done int) { o.Progress(done, total, "drawing images") }, func(i int) error {
		return writeOne(dir, classes, i%o.Classes, i/o.Classes, o.Seed)
	})
}

// writeOne draws the image with a number within its class. Its randomness depends on the seed, the class and the number alone, so
// that more classes or more images leave the others as they are.
func writeOne(dir string, classes []kind, index, number int, seed int64) error {
	class := classes[index]
	random := rand.New(rand.NewPCG(uint64(seed), uint64(index)<<32|uint64(number)))
	file, err := os.Create(filepath.Join(dir, class.name(), fmt.Sprintf("%s-%04d.jpg", class.name(), number+1)))
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	err = jpeg.Encode(w, draw(class, random), &jpeg.Options{Quality: 90})
	return errors.Join(err, w.Flush(), file.Close())
}
