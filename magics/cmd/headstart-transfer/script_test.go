package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/weights"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"headstart-transfer": main})
}

// TestScripts runs the command line as a shell does. The scripts are in testdata/script.
func TestScripts(t *testing.T) {
	plugin := os.Getenv("PJRT_PLUGIN_LIBRARY_PATH")
	if plugin == "" {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PJRT_PLUGIN_LIBRARY_PATH", plugin)
			env.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
			env.Setenv("HEADSTART_HOME", filepath.Join(env.WorkDir, "home"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"images":   writeImages,
			"features": checkFeatures,
			"json":     checkJSON,
			"await":    awaitFile,
			"status":   checkStatus,
		},
	})
}

// writeImages makes DIR with the classes red, green and blue, of N images each: blocks of random brightness.
func writeImages(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: images DIR N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	chance := rand.New(rand.NewPCG(42, 42))
	for _, class := range []struct {
		name string
		tint color.RGBA
	}{{"red", color.RGBA{255, 30, 30, 255}}, {"green", color.RGBA{30, 255, 30, 255}}, {"blue", color.RGBA{30, 30, 255, 255}}} {
		dir := filepath.Join(ts.MkAbs(args[0]), class.name)
		ts.Check(os.MkdirAll(dir, 0o700))
		for i := range n {
			ts.Check(writeBlocks(filepath.Join(dir, fmt.Sprintf("%d.png", i)), class.tint, chance))
		}
	}
}

func writeBlocks(path string, tint color.RGBA, chance *rand.Rand) error {
	const side, block = 40, 5
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := 0; y < side; y += block {
		for x := 0; x < side; x += block {
			bright := 255 * chance.Float64()
			for at := range block * block {
				img.SetRGBA(x+at%block, y+at/block, color.RGBA{
					scale(tint.R, bright), scale(tint.G, bright), scale(tint.B, bright), 255,
				})
			}
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return png.Encode(file, img)
}

func scale(channel uint8, bright float64) uint8 { return uint8(float64(channel) * bright / 255) }

// checkFeatures checks FILE: the tensor's shape is the numbers that follow, its values are numbers, and the paths in the
// metadata are sorted and as many as the images.
func checkFeatures(ts *testscript.TestScript, _ bool, args []string) {
	source, err := weights.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer source.Close()
	tensor, err := source.Tensor("features")
	ts.Check(err)
	values, err := tensors.CopyFlatData[float32](tensor)
	ts.Check(err)
	shape := tensor.Shape().Dimensions
	if got := fmt.Sprint(shape); got != fmt.Sprint(args[1:]) {
		ts.Fatalf("the shape is %s", got)
	}
	spread := false
	for _, v := range values {
		if v != v {
			ts.Fatalf("a feature is not a number")
		}
		spread = spread || v != values[0]
	}
	if !spread {
		ts.Fatalf("all features are %g", values[0])
	}
	var paths []string
	ts.Check(json.Unmarshal([]byte(source.Metadata()["paths"]), &paths))
	if len(paths) != shape[0] || !slices.IsSorted(paths) || paths[0] != "blue/0.png" {
		ts.Fatalf("the paths are %q", paths)
	}
}

// checkJSON checks that standard output is one JSON value with keys.
func checkJSON(ts *testscript.TestScript, _ bool, keys []string) {
	var value map[string]any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("standard output is not a JSON object: %v", err)
	}
	for _, key := range keys {
		if _, ok := value[key]; !ok {
			ts.Fatalf("the result lacks %q", key)
		}
	}
}

// checkStatus runs a program and compares its exit status: status N PROGRAM ARG...
func checkStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%q ends with status %d, want %d", args[1:], got, want)
	}
}

// awaitFile waits until a file is there.
func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found, err := filepath.Glob(ts.MkAbs(args[0])); err != nil || len(found) > 0 {
			ts.Check(err)
			return
		}
	}
	ts.Fatalf("there is no %s after a minute", args[0])
}
