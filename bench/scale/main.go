// Command scale does each step of the work once on generated images, and prints what it took as one line of JSON. It is started by
// bench/scale.py, which makes the images with its -generate.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

const side = 64 // pixels of a generated image

func main() {
	folder := flag.String("folder", "", "folder of the images")
	home := flag.String("home", "", "state folder")
	images := flag.Int("generate", 0, "number of images to generate in place of measuring")
	classes := flag.Int("classes", 10, "number of classes of -generate")
	loads := flag.Bool("load", false, "only load the dataset, and load it again")
	flag.Parse()
	err := generate(*folder, *images, *classes)
	if *images == 0 {
		err = measure(*folder, *home, *loads)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate draws images of blobs, of which no two are alike.
func generate(folder string, images, classes int) error {
	for i := range images {
		dir := filepath.Join(folder, fmt.Sprintf("class%04d", i%classes))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		random := rand.New(rand.NewPCG(uint64(i), 1))
		img := image.NewRGBA(image.Rect(0, 0, side, side))
		var coarse [8 * 8 * 3]int
		for k := range coarse {
			coarse[k] = (i%classes*37+k*11)%97 + random.IntN(150)
		}
		for y := range side {
			for x := range side {
				c := coarse[3*(y/8*8+x/8):]
				img.SetRGBA(x, y, color.RGBA{uint8(c[0]), uint8(c[1]), uint8(c[2]), 255})
			}
		}
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%06d.jpg", i)))
		if err != nil {
			return err
		}
		if err := jpeg.Encode(file, img, &jpeg.Options{Quality: 85}); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}

// A step is what one part of the work took.
type step struct {
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"`     // seconds of processor
	PeakMB  float64 `json:"peak_mb"` // of the process meanwhile; 0 where the system does not tell
	HeldMB  float64 `json:"held_mb"` // by Go afterwards; 0 for a part of a step
}

type job struct {
	ctx   context.Context
	steps map[string]step
}

// do measures one step.
func (j *job) do(name string, work func() error) error {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // begins the peak anew; not everywhere
	start, before := time.Now(), timeline.Processor()
	if err := work(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	done := step{Seconds: time.Since(start).Seconds(), CPU: timeline.Processor() - before, PeakMB: peak()}
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	done.HeldMB = float64(memory.HeapAlloc) / (1 << 20)
	j.steps[name] = done
	return nil
}

// peak is the peak memory of the process since it was begun anew.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kb, _ := strconv.ParseFloat(fields[1], 64)
			return kb / 1024
		}
	}
	return 0
}

func measure(folder, home string, loads bool) error {
	recorder := timeline.New(time.Now())
	j := &job{timeline.With(context.Background(), recorder), map[string]step{}}
	session, err := models.Open(j.ctx, models.Options{Device: "cpu", Home: home, Weights: "random", Cut: "conv1", Size: side})
	if err != nil {
		return err
	}
	var data *models.Dataset
	load := func() (err error) {
		data, err = session.Dataset(j.ctx, folder)
		return err
	}
	recipe := models.DefaultRecipe()
	recipe.Epochs, recipe.LearningRate = 1, 0.01
	var model *models.Model
	train := func() (err error) {
		model, err = session.Do(j.ctx, models.Job{Recipe: recipe, Dataset: data})
		return err
	}
	sizes := map[string]int{}
	evaluate := func() error {
		report, err := model.Evaluate(j.ctx, data, imagefolder.Val)
		if err != nil {
			return err
		}
		chart := figure.ClassCountsData{Title: data.Name}
		counts := data.Count(imagefolder.Train)
		for label, class := range data.Classes {
			chart.Classes = append(chart.Classes, figure.ClassCount{Name: class, Train: counts[label]})
		}
		for name, bundle := range map[string]any{
			"confusion matrix": figure.Confusion(figure.ConfusionData{Labels: report.Classes, Counts: report.Confusion}).Data,
			"class counts":     figure.ClassCounts(chart).Data,
		} {
			text, err := json.Marshal(bundle)
			if err != nil {
				return err
			}
			sizes[name] = len(text)
		}
		return nil
	}
	all := []struct {
		name string
		work func() error
	}{{"load", load}, {"load again", load}, {"train", train}, {"train again", train}, {"evaluate and draw", evaluate}}
	if loads {
		all = all[:2]
	}
	for _, s := range all {
		if err := j.do(s.name, s.work); err != nil {
			return err
		}
	}
	for _, span := range recorder.Spans() {
		switch span.Name {
		case "find near-duplicates", "list files", "read what is known", "check images":
			if _, ok := j.steps[span.Name]; ok { // of the second load
				span.Name += " again"
			}
			fallthrough
		case "frozen pass", "epochs":
			j.steps[span.Name] = step{Seconds: span.End - span.Start, CPU: span.CPU}
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"images": len(data.Items), "classes": len(data.Classes), "steps": j.steps, "figures": sizes,
	})
}
