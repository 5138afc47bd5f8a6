package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// serve starts a server for the test's time and returns its socket.
func serve(t *testing.T, handle Handler) string {
	t.Helper()
	path := warm.SocketPath(shortDir(t))
	listener, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, handle) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return path
}

// shortDir is a temporary folder whose path leaves room for a socket's name: 108 bytes is all that Linux has.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "warm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// recorder passes lines on between a client and the server at path, and keeps them: "> " marks the client's.
type recorder struct {
	mu  sync.Mutex
	log strings.Builder
}

func (r *recorder) keep(mark string, line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.WriteString(mark + string(line))
}

func (r *recorder) listen(t *testing.T, path string) string {
	t.Helper()
	front := filepath.Join(shortDir(t), "front.sock")
	listener, err := net.Listen("unix", front)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", path)
			if err != nil {
				_ = client.Close()
				return
			}
			go r.pass("> ", client, server)
			go r.pass("< ", server, client)
		}
	}()
	return front
}

func (r *recorder) pass(mark string, from, to net.Conn) {
	defer to.Close()
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		r.keep(mark, line)
		if _, err := to.Write(line); err != nil {
			return
		}
	}
}

// scripted answers every method with one fixed, fully filled result.
func scripted(_ context.Context, method string, params json.RawMessage) (any, error) {
	cat := prediction.Prediction{Name: "cat.jpg", Truth: "cat", Top: []prediction.Score{{Class: "cat", Probability: 0.75}, {Class: "dog <b>", Index: 1, Probability: 0.25}}}
	heat, err := warm.NewTensor([]float32{0, 0.5, 1, 0.25}, 2, 2)
	if err != nil {
		return nil, err
	}
	switch method {
	case warm.MethodModels:
		return warm.ModelsResult{Models: []warm.Model{{
			Name: "default", Backbone: "resnet50", Labels: []string{"cat", "dog <b>"}, FeatureDim: 2048, Trained: true,
			Device: "xla:cpu", Dataset: "pets", Run: "r1", Made: time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC),
		}}}, nil
	case warm.MethodPredict:
		var p warm.PredictParams
		if err := json.Unmarshal(params, &p); err != nil {
			return nil, err
		}
		for _, img := range p.Images {
			if err := img.Check(); err != nil {
				return nil, err
			}
		}
		return warm.PredictResult{Model: "default", Predictions: []prediction.Prediction{cat}}, nil
	case warm.MethodFeatures:
		return warm.FeaturesResult{Model: "default", Features: heat}, nil
	case warm.MethodEvaluate:
		return warm.Report{
			Model: "default", Split: "val", Images: 3, Loss: 0.5, Accuracy: 0.75, Labels: []string{"cat", "dog <b>"},
			Confusion: [][]int{{2, 0}, {1, 0}}, ECE: 0.125, Worst: []prediction.Prediction{cat},
			Classes: []warm.ClassReport{{Label: "cat", Precision: 0.5, Recall: 1, F1: 0.75, Images: 2}},
		}, nil
	case warm.MethodExplain:
		return warm.Explanation{Model: "default", Class: cat.Top[0], Heat: heat}, nil
	case warm.MethodPut:
		return nil, nil
	case warm.MethodGet:
		return warm.Value{JSON: json.RawMessage(`[1,2,3]`)}, nil
	case warm.MethodDraw:
		return warm.Drawing{PNG: []byte("png"), Width: 3, Height: 2}, nil
	default:
		return nil, fmt.Errorf("method %q: unknown; the server may be older than the cell's nbhelpers", method)
	}
}

func TestWireTraffic(t *testing.T) {
	var r recorder
	client := warm.NewClient(r.listen(t, serve(t, scripted)))
	defer client.Close()
	ctx := context.Background()
	pixels, err := warm.FromImage("red", image.NewUniform(color.RGBA{R: 255, A: 255}))
	if err == nil {
		t.Errorf("FromImage of an endless image: %v, want an error", pixels)
	}
	dot := image.NewRGBA(image.Rect(5, 5, 7, 6))
	dot.Set(5, 5, color.RGBA{R: 255, A: 255})
	pixels, err = warm.FromImage("dot", dot)
	if err != nil {
		t.Fatal(err)
	}
	calls := []struct {
		method         string
		params, result any
	}{
		{warm.MethodModels, nil, new(warm.ModelsResult)},
		{warm.MethodPredict, warm.PredictParams{Model: "default", Images: []warm.Image{{File: "/data/cat.jpg"}, pixels, {File: "@batch"}}, Top: 2}, new(warm.PredictResult)},
		{warm.MethodFeatures, warm.FeaturesParams{Images: []warm.Image{pixels}}, new(warm.FeaturesResult)},
		{warm.MethodEvaluate, warm.EvaluateParams{Split: "val"}, new(warm.Report)},
		{warm.MethodExplain, warm.ExplainParams{Image: warm.Image{File: "/data/cat.jpg"}, Class: "cat"}, new(warm.Explanation)},
		{warm.MethodPut, warm.PutParams{Name: "batch", Value: warm.Value{Images: []warm.Image{pixels}}}, nil},
		{warm.MethodGet, warm.GetParams{Name: "numbers"}, new(warm.Value)},
		{warm.MethodDraw, warm.DrawParams{Kind: warm.DrawCurves, Data: json.RawMessage(`{"title":"a"}`)}, new(warm.Drawing)},
	}
	for _, call := range calls {
		if err := client.Call(ctx, call.method, call.params, call.result); err != nil {
			t.Errorf("%s: %v", call.method, err)
		}
	}
	var failed *warm.ServerError
	if err := client.Call(ctx, "dance", nil, nil); !errors.As(err, &failed) {
		t.Errorf("an unknown method: %v, want a ServerError", err)
	}
	if err := client.Call(ctx, warm.MethodPredict, warm.PredictParams{Images: []warm.Image{{Width: 2, Height: 2, RGB: []byte{1}}}}, nil); !errors.As(err, &failed) {
		t.Errorf("a torn image: %v, want a ServerError", err)
	}

	r.mu.Lock()
	got := r.log.String()
	r.mu.Unlock()
	golden := filepath.Join("testdata", "wire.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the lines differ from %s (-update rewrites it):\n%s", golden, got)
	}
}

func TestResultsArriveWhole(t *testing.T) {
	client := warm.NewClient(serve(t, scripted))
	defer client.Close()
	ctx := context.Background()
	var predicted warm.PredictResult
	if err := client.Call(ctx, warm.MethodPredict, warm.PredictParams{Images: []warm.Image{{File: "/data/cat.jpg"}}}, &predicted); err != nil {
		t.Fatal(err)
	}
	if p := predicted.Predictions[0]; p.Class() != "cat" || p.Probability() != 0.75 || p.Top[1].Class != "dog <b>" {
		t.Errorf("predicted %+v", p)
	}
	var explained warm.Explanation
	if err := client.Call(ctx, warm.MethodExplain, warm.ExplainParams{}, &explained); err != nil {
		t.Fatal(err)
	}
	rows, err := explained.Heat.Rows()
	if err != nil || !slices.Equal(rows[0], []float32{0, 0.5}) || !slices.Equal(rows[1], []float32{1, 0.25}) {
		t.Errorf("heat %v, %v", rows, err)
	}
}

func TestCancelReachesTheHandler(t *testing.T) {
	started, ended := make(chan bool), make(chan error, 1)
	path := serve(t, func(ctx context.Context, method string, _ json.RawMessage) (any, error) {
		if method != warm.MethodEvaluate {
			return nil, nil
		}
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	})
	client := warm.NewClient(path)
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-started; cancel() }()
	if err := client.Call(ctx, warm.MethodEvaluate, warm.EvaluateParams{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled call: %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler's context: %v", err)
	}
	if err := client.Call(context.Background(), warm.MethodModels, nil, nil); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestPanicIsAnError(t *testing.T) {
	client := warm.NewClient(serve(t, func(context.Context, string, json.RawMessage) (any, error) { panic("torn graph") }))
	defer client.Close()
	for range 2 {
		var failed *warm.ServerError
		if err := client.Call(context.Background(), warm.MethodModels, nil, nil); !errors.As(err, &failed) || !strings.Contains(failed.Message, "torn graph") {
			t.Errorf("got %v", err)
		}
	}
}

func TestServerSurvivesAnyBytes(t *testing.T) {
	path := serve(t, scripted)
	for _, sent := range []string{"", "\n", "{", "{}\n", "null\n", "[1]\n", "{\"id\":-1}\n", "{\"id\":1,\"method\":7}\n", "\x00\xff\n",
		"{\"id\":1,\"method\":\"predict\",\"params\":[]}\n", strings.Repeat("x", 1<<20) + "\n"} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, sent)
		if strings.HasSuffix(sent, "\n") {
			answer, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.Contains(answer, `"error"`) {
				t.Errorf("%.40q was answered with %q, %v; want an error", sent, answer, err)
			}
		}
		_ = conn.Close()
	}
	if err := warm.NewClient(path).Call(context.Background(), warm.MethodModels, nil, nil); err != nil {
		t.Error(err)
	}
}

func TestListen(t *testing.T) {
	path := warm.SocketPath(shortDir(t))
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode: %v, %v", info, err)
	}
	if _, err := Listen(path); err == nil {
		t.Error("a second server took over a living one's socket")
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false) // as after kill -9
	_ = first.Close()
	second, err := Listen(path)
	if err != nil {
		t.Fatalf("a dead server's socket was not replaced: %v", err)
	}
	_ = second.Close()
}

func TestNoServer(t *testing.T) {
	err := warm.NewClient(filepath.Join(shortDir(t), "none.sock")).Call(context.Background(), warm.MethodModels, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "none.sock") {
		t.Errorf("got %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"predict","params":{"images":[{"rgb":"AAAA","width":1,"height":1}]}}`))
	f.Add([]byte(`{"id":1,"method":"get"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if _, err := json.Marshal(answer(context.Background(), line, scripted)); err != nil {
			t.Error(err)
		}
	})
}

// TestServeLeavesNoListener: a connection that comes as the context ends does not keep the socket open.
func TestServeLeavesNoListener(t *testing.T) {
	for range 200 {
		path := warm.SocketPath(shortDir(t))
		listener, err := Listen(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Serve(ctx, listener, scripted) }()
		go func() {
			if conn, err := net.Dial("unix", path); err == nil {
				_ = conn.Close()
			}
		}()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("unix", path); err == nil {
			_ = conn.Close()
			t.Fatal("the socket answers after the end")
		}
	}
}
