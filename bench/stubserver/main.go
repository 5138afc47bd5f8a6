// Command stubserver is headstart serve with a model that only looks at a pixel, for scripts/servesoak.py: what is tried is the server.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/serving/server"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// size is the side of the model's images in pixels, and took how long a batch takes.
const (
	size = 32
	took = 2 * time.Millisecond
)

// stub calls an image light whose first byte is above the middle.
type stub struct{}

func (stub) PredictPixels(_ context.Context, pixels []uint8, n int) ([]float32, error) {
	time.Sleep(took)
	outputs := make([]float32, 0, 2*n)
	for i := range n {
		light := float32(pixels[i*len(pixels)/n]) / 255
		outputs = append(outputs, light, 1-light)
	}
	return outputs, nil
}

func (stub) ExplainPixels(context.Context, []uint8, string) (*classifier.HeatMap, error) {
	return &classifier.HeatMap{Class: "light", Height: 1, Width: 1, Values: []float32{1}}, nil
}

func (stub) Close() error { return nil }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "stubserver: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	config := server.DefaultConfig()
	flag.IntVar(&config.Port, "port", config.Port, "port of HTTP")
	dir := flag.String("dir", "", "empty folder for the model")
	flag.Parse()
	config.GRPC = false
	if err := os.WriteFile(filepath.Join(*dir, "model.json"), []byte("{}"), 0o644); err != nil {
		return err
	}
	open := func(context.Context, string) (modelset.Model, modelset.Facts, error) {
		return stub{}, modelset.Facts{Classes: []string{"light", "dark"}, Outputs: 2, Task: recipe.Single, Geometry: imageio.Geometry{Size: size}}, nil
	}
	s, err := server.New(config, []modelset.Source{{Name: "stub", Dir: *dir}}, open, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return s.Run(ctx)
}
