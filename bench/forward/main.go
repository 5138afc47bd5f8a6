// Command forward measures the bare batched forward pass of a saved model, for bench/serve.py.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "forward: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	dir := flag.String("model", "", "folder of a saved model")
	batch := flag.Int("batch", 8, "images of a batch")
	seconds := flag.Float64("seconds", 10, "how long it computes")
	flag.Parse()
	ctx := context.Background()
	device, err := accel.Open(ctx, accel.Options{})
	if err != nil {
		return err
	}
	defer device.Close()
	m, err := classifier.Load(ctx, device, *dir, classifier.LoadOptions{})
	if err != nil {
		return err
	}
	defer m.Close()
	if err := m.Prepare(ctx, *batch); err != nil {
		return err
	}
	pixels := make([]uint8, *batch*m.Backbone().Identity().Geometry.Bytes())
	for i := range pixels {
		pixels[i] = uint8(i * 31)
	}
	images, began, before := 0, time.Now(), timeline.Processor()
	for time.Since(began).Seconds() < *seconds {
		if _, err := m.PredictPixels(ctx, pixels, *batch); err != nil {
			return err
		}
		images += *batch
	}
	took := time.Since(began).Seconds()
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"images_per_second": float64(images) / took, "batch_seconds": took / float64(images) * float64(*batch),
		"cpu_seconds": (timeline.Processor() - before) / float64(images),
	})
}
