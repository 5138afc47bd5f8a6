package nbhelpers

import (
	"context"
	"encoding/json"
	"errors"
	"image"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/warm"
	"github.com/headstart-nb/headstart/nbhelpers/warm/server"
)

// startServer answers with handle for the test's time and returns a model of the client.
func startServer(t *testing.T, handle server.Handler) *Model {
	t.Helper()
	dir, err := os.MkdirTemp("", "warm") // t.TempDir is too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := server.Listen(warm.SocketPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, listener, handle) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return &Model{name: "pets", client: clientOf(surroundings{runtimeDir: dir})}
}

func TestModelAsksTheServer(t *testing.T) {
	ctx := context.Background()
	var method, params string
	m := startServer(t, func(_ context.Context, name string, raw json.RawMessage) (any, error) {
		method, params = name, string(raw)
		heat, err := warm.NewTensor([]float32{1, 2, 3, 4}, 2, 2)
		switch name {
		case warm.MethodPredict:
			return warm.PredictResult{Predictions: []warm.Prediction{{Top: []warm.Score{{Label: "cat", Probability: 1}}}}}, nil
		case warm.MethodFeatures:
			return warm.FeaturesResult{Features: heat}, err
		case warm.MethodEvaluate:
			return warm.Report{Accuracy: 0.5}, nil
		case warm.MethodExplain:
			return warm.Explanation{Heat: heat}, err
		}
		return nil, errors.New("the model \"pets\" is not trained: run %train first")
	})
	dot := image.NewGray(image.Rect(0, 0, 1, 1))
	predicted, err := m.Predict(ctx, "/a.jpg", []string{"/b.jpg", "@batch"}, dot, []image.Image{dot}, warm.Image{File: "/c"})
	if err != nil || predicted[0].Label() != "cat" {
		t.Errorf("predicted %v, %v", predicted, err)
	}
	want := `{"model":"pets","images":[{"file":"/a.jpg"},{"file":"/b.jpg"},{"file":"@batch"},{"rgb":"AAAA","width":1,"height":1},{"rgb":"AAAA","width":1,"height":1},{"file":"/c"}]}`
	if method != warm.MethodPredict || params != want {
		t.Errorf("asked %s %s, want %s", method, params, want)
	}
	if rows, err := m.Features(ctx, "/a.jpg"); err != nil || len(rows) != 2 || rows[1][0] != 3 {
		t.Errorf("features %v, %v", rows, err)
	}
	if report, err := m.Evaluate(ctx, "test"); err != nil || report.Accuracy != 0.5 || params != `{"model":"pets","split":"test"}` {
		t.Errorf("evaluated %v, %v by %s", report, err, params)
	}
	if _, err := m.Evaluate(ctx, "/data"); err != nil || params != `{"model":"pets","dir":"/data"}` {
		t.Errorf("evaluated %v by %s", err, params)
	}
	if e, err := m.Explain(ctx, "/a.jpg", "cat"); err != nil || len(e.Heat.Data) != 16 {
		t.Errorf("explained %v, %v", e, err)
	}
	if err := m.call(ctx, warm.MethodModels, nil, nil); err == nil || !strings.Contains(err.Error(), "%train") {
		t.Errorf("the server's error arrived as %v", err)
	}
	for _, bad := range []any{7, nil, warm.Image{}, []image.Image{nil}} {
		if _, err := m.Predict(ctx, bad); err == nil {
			t.Errorf("predicting %T gave no error", bad)
		}
	}
	if _, err := m.Explain(ctx, []string{"/a", "/b"}, ""); err == nil {
		t.Error("explaining two images gave no error")
	}
}

func TestServerThatDoesNotRunYet(t *testing.T) {
	m := &Model{client: clientOf(surroundings{runtimeDir: t.TempDir()})}
	if _, err := m.Predict(context.Background(), "/a.jpg"); err == nil || !strings.Contains(err.Error(), "%model") {
		t.Errorf("%v does not say what starts the server", err)
	}
}

func TestOutsideOfHeadstart(t *testing.T) {
	m := &Model{client: clientOf(surroundings{})}
	if _, err := m.Predict(context.Background(), "a.jpg"); !errors.Is(err, ErrNoServer) {
		t.Errorf("got %v, want ErrNoServer", err)
	}
}

func TestValuesGoThereAndBack(t *testing.T) {
	dot := image.NewGray(image.Rect(0, 0, 1, 1))
	tensor, err := warm.NewTensor([]float32{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	back := func(value, result any) {
		t.Helper()
		v, err := warmValue(value)
		if err == nil {
			err = fromWarm(v, result)
		}
		if err != nil {
			t.Errorf("%T: %v", value, err)
		}
	}
	var rows []namedRow
	back([]namedRow{{Name: "a", Count: 2}}, &rows)
	var img image.Image
	back(dot, &img)
	var images []image.Image
	back([]image.Image{dot, dot}, &images)
	var same warm.Tensor
	back(tensor, &same)
	if len(rows) != 1 || rows[0].Count != 2 || img == nil || len(images) != 2 || len(same.Data) != 4 {
		t.Errorf("came back as %v, %v, %v, %v", rows, img, images, same)
	}
	if _, err := warmValue(math.NaN()); err == nil {
		t.Error("a value that JSON lacks gave no error")
	}
	v, err := warmValue(dot)
	if err != nil {
		t.Fatal(err)
	}
	if err := fromWarm(v, &rows); err == nil {
		t.Error("an image became rows")
	}
}
