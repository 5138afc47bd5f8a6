package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/serving/modelset"
	"github.com/headstart-nb/headstart/models/serving/oippb"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// trained is a small model in a folder, with images that it knows and what it says of them.
type trained struct {
	device      *accel.Device
	dir         string
	files       []string
	images      [][]byte
	predictions []prediction.Prediction
}

func train(t *testing.T) *trained {
	t.Helper()
	images := t.TempDir()
	modeltest.WriteImages(t, images, 12, "red", "green", "blue")
	job := training.Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Load(t, images), Backbone: modeltest.Backbone(t, modeltest.Options()),
		Request: training.Request{Name: "colors"},
	}
	r := &job.Recipe
	r.Head, r.Epochs, r.BatchSize, r.LearningRate, r.Seed = "dense:8:relu", 5, 8, 0.02, 7
	device := modeltest.PureGo(t)
	result, err := training.Fit(t.Context(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := classifier.New(result)
	defer m.Close()
	made := &trained{device: device, dir: filepath.Join(t.TempDir(), "colors")}
	if err := m.Save(made.dir, classifier.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if made.files, err = filepath.Glob(filepath.Join(images, "*", "00*.png")); err != nil || len(made.files) == 0 {
		t.Fatal("there are no images", err)
	}
	for _, file := range made.files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		made.images = append(made.images, data)
	}
	if made.predictions, err = m.Predict(t.Context(), made.files, 0); err != nil {
		t.Fatal(err)
	}
	return made
}

// testConfig listens on free ports.
func testConfig() Config {
	config := DefaultConfig()
	config.Port, config.GRPCPort, config.Reload, config.Grace = 0, 0, 0, 10*time.Second
	return config
}

// start runs a server until the test ends, or stop is called.
func (m *trained) start(t *testing.T, config Config, change func(*Server)) (s *Server, stop func() error) {
	t.Helper()
	s, err := New(config, []modelset.Source{{Name: "colors", Dir: m.dir}}, modelset.Saved(m.device, "", config.Batch), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	select {
	case <-s.Ready():
	case err := <-ended:
		t.Fatal(err)
	}
	return s, stop
}

// post sends a body and reads the answer.
func post(t *testing.T, client *http.Client, url, kind string, body []byte, header ...string) (int, http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, answer
}

func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatalf("the answer is %q: %v", text, err)
	}
	return value
}

func (s *Server) dial(t *testing.T, options ...grpc.DialOption) oippb.GRPCInferenceServiceClient {
	t.Helper()
	if len(options) == 0 {
		options = []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	}
	conn, err := grpc.NewClient(s.GRPCAddress(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return oippb.NewGRPCInferenceServiceClient(conn)
}
