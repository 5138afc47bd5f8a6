package nbhelpers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/prediction"
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
	m := &Model{name: "pets", client: newClient(dir)}
	t.Cleanup(func() { _ = m.client.Close() })
	return m
}

// fakeModel answers every method with a fixed result, and keeps the last request.
type fakeModel struct{ method, params string }

func (f *fakeModel) answer(_ context.Context, name string, raw json.RawMessage) (any, error) {
	f.method, f.params = name, string(raw)
	heat, err := warm.NewTensor([]float32{1, 2, 3, 4}, 2, 2)
	switch name {
	case warm.MethodPredict:
		return warm.PredictResult{Predictions: []prediction.Prediction{{Top: []prediction.Score{{Class: "cat", Probability: 1}}}}}, nil
	case warm.MethodFeatures:
		return warm.FeaturesResult{Features: heat}, err
	case warm.MethodEvaluate:
		return warm.Report{Accuracy: 0.5}, nil
	case warm.MethodExplain:
		return warm.Explanation{Heat: heat}, err
	}
	return nil, errors.New("the model \"pets\" is not trained: run %train first")
}

func TestModelAsksTheServer(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	var f fakeModel
	m := startServer(t, f.answer)
	dot := image.NewGray(image.Rect(0, 0, 1, 1))
	for _, test := range []struct {
		name         string
		call         func() (any, error)
		method, want string // the request
		result       string
	}{
		{"files", func() (any, error) { return m.PredictFiles(ctx, "/a.jpg", "b.jpg", "@c") }, warm.MethodPredict,
			`{"model":"pets","images":[{"file":"/a.jpg"},{"file":"` + here + `/b.jpg"},{"file":"` + here + `/@c"}]}`, "cat"},
		{"images", func() (any, error) { return m.PredictImages(ctx, dot, dot) }, warm.MethodPredict,
			`{"model":"pets","images":[{"rgb":"AAAA","width":1,"height":1},{"rgb":"AAAA","width":1,"height":1}]}`, "cat"},
		{"named", func() (any, error) { return m.PredictNamed(ctx, "batch") }, warm.MethodPredict, `{"model":"pets","images":[{"file":"@batch"}]}`, "cat"},
		{"features of files", func() (any, error) { return m.FeaturesOfFiles(ctx, "/a.jpg") }, warm.MethodFeatures,
			`{"model":"pets","images":[{"file":"/a.jpg"}]}`, "[[1 2] [3 4]]"},
		{"features of images", func() (any, error) { return m.FeaturesOfImages(ctx, dot) }, warm.MethodFeatures,
			`{"model":"pets","images":[{"rgb":"AAAA","width":1,"height":1}]}`, "[[1 2] [3 4]]"},
		{"split", func() (any, error) { return m.EvaluateSplit(ctx, "test") }, warm.MethodEvaluate, `{"model":"pets","split":"test"}`, "0.5"},
		{"folder", func() (any, error) { return m.EvaluateFolder(ctx, "val") }, warm.MethodEvaluate, `{"model":"pets","dir":"` + here + `/val"}`, "0.5"},
		{"explain a file", func() (any, error) { return m.ExplainFile(ctx, "/a.jpg", "cat") }, warm.MethodExplain,
			`{"model":"pets","image":{"file":"/a.jpg"},"class":"cat"}`, "[2 2]"},
		{"explain an image", func() (any, error) { return m.ExplainImage(ctx, dot, "") }, warm.MethodExplain,
			`{"model":"pets","image":{"rgb":"AAAA","width":1,"height":1}}`, "[2 2]"},
	} {
		f = fakeModel{}
		result, err := test.call()
		if err != nil || f.method != test.method || f.params != test.want || !strings.Contains(fmt.Sprint(result), test.result) {
			t.Errorf("%s: asked %s %s, want %s; got %v, %v", test.name, f.method, f.params, test.want, result, err)
		}
	}
	if err := m.call(ctx, warm.MethodModels, nil, nil); err == nil || !strings.Contains(err.Error(), "%train") {
		t.Errorf("the server's error arrived as %v", err)
	}
}

func TestBadArgumentsReachNoServer(t *testing.T) {
	ctx := context.Background()
	var f fakeModel
	m := startServer(t, f.answer)
	for name, call := range map[string]func() error{
		"nil image":           func() error { _, err := m.PredictImages(ctx, nil); return err },
		"features of nothing": func() error { _, err := m.FeaturesOfImages(ctx, image.NewRGBA(image.Rectangle{})); return err },
		"no such split":       func() error { _, err := m.EvaluateSplit(ctx, "vall"); return err },
		"no split":            func() error { _, err := m.EvaluateSplit(ctx, ""); return err },
		"explain nil":         func() error { _, err := m.ExplainImage(ctx, nil, ""); return err },
	} {
		if err := call(); err == nil || f.method != "" {
			t.Errorf("%s: %v; the server was asked %q", name, err, f.method)
		}
	}
}

// TestOldNames holds the functions of the release before: they ask the same.
func TestOldNames(t *testing.T) {
	ctx := context.Background()
	var f fakeModel
	m := startServer(t, f.answer)
	dot := image.NewGray(image.Rect(0, 0, 1, 1))
	predicted, err := m.Predict(ctx, "/a.jpg", []string{"/b.jpg", "@batch"}, dot, []image.Image{dot}, warm.Image{File: "/c"})
	//lint:ignore SA1019 the old name has to work for one more release
	if err != nil || predicted[0].Label() != "cat" {
		t.Errorf("predicted %v, %v", predicted, err)
	}
	want := `{"model":"pets","images":[{"file":"/a.jpg"},{"file":"/b.jpg"},{"file":"@batch"},{"rgb":"AAAA","width":1,"height":1},{"rgb":"AAAA","width":1,"height":1},{"file":"/c"}]}`
	if f.method != warm.MethodPredict || f.params != want {
		t.Errorf("asked %s %s, want %s", f.method, f.params, want)
	}
	if rows, err := m.Features(ctx, "/a.jpg"); err != nil || len(rows) != 2 || rows[1][0] != 3 {
		t.Errorf("features %v, %v", rows, err)
	}
	for given, want := range map[string]string{"": `"split":"val"`, "test": `"split":"test"`, "/data": `"dir":"/data"`} {
		if report, err := m.Evaluate(ctx, given); err != nil || report.Accuracy != 0.5 || f.params != `{"model":"pets",`+want+`}` {
			t.Errorf("evaluated on %q: %v, %v by %s", given, report, err, f.params)
		}
	}
	if e, err := m.Explain(ctx, "/a.jpg", "cat"); err != nil || len(e.Heat.Data) != 16 {
		t.Errorf("explained %v, %v", e, err)
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
	m := &Model{client: newClient(t.TempDir())}
	if _, err := m.PredictFiles(context.Background(), "/a.jpg"); err == nil || !strings.Contains(err.Error(), "%model") {
		t.Errorf("%v does not say what starts the server", err)
	}
}

func TestOutsideOfHeadstart(t *testing.T) {
	m := &Model{client: newClient("")}
	if _, err := m.PredictFiles(context.Background(), "a.jpg"); !errors.Is(err, ErrNoServer) {
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
