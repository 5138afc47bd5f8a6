package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/features/bucket/buckettest"
	"github.com/headstart-nb/headstart/models/modeltest"
)

var update = flag.Bool("update", false, "write the golden files")

// program is this test's binary under the name by which it is the command.
func program(t *testing.T) string {
	t.Helper()
	if os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") == "" {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "headstart-transfer")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HEADSTART_HOME", t.TempDir())
	return link
}

// small is a backbone that is quick to compute.
func small(args ...string) []string {
	return append(args, "--weights", "random", "--cut", "conv1", "--size", "32")
}

// TestShardsAsProcesses does what an Indexed Job does: three workers run eight shards, two of which are killed on their way and run
// again, and one has an image that cannot be read. It is told apart by its status, and the others complete. Merged, the bytes are those
// of one process.
func TestShardsAsProcesses(t *testing.T) {
	const shards, workers, poisoned = 8, 3, 4
	run := program(t)
	images, cache := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	modeltest.WriteImages(t, images, 20, "blue", "green", "red")
	// In the order of the paths it comes fifth.
	if err := os.WriteFile(filepath.Join(images, "blue", "004.png"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	shard := func(index int, strict bool, kill bool) (status int) {
		args := small("features", images, "--of", fmt.Sprint(shards), "--out", cache)
		if strict {
			args = append(args, "--strict")
		}
		command := exec.CommandContext(t.Context(), run, args...)
		command.Env = append(os.Environ(), fmt.Sprintf("JOB_COMPLETION_INDEX=%d", index))
		var output bytes.Buffer
		command.Stdout, command.Stderr = &output, &output
		if err := command.Start(); err != nil {
			t.Error(err)
			return -1
		}
		if kill {
			time.Sleep(time.Duration(100*index) * time.Millisecond) // anywhere between its start and its end
			_ = command.Process.Kill()
		}
		err := command.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			if !kill {
				t.Logf("shard %d ends with status %d: %s", index, exit.ExitCode(), output.String())
			}
			return exit.ExitCode()
		}
		return 0
	}
	queue := make(chan int, shards)
	for i := range shards {
		queue <- i
	}
	close(queue)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for index := range queue {
				if index == 2 || index == 6 {
					shard(index, true, true)
				}
				want := 0
				if index == poisoned {
					want = 3
				}
				if got := shard(index, true, false); got != want {
					t.Errorf("shard %d ends with status %d, want %d", index, got, want)
				}
			}
		})
	}
	working.Wait()
	out := filepath.Join(t.TempDir(), "merged.safetensors")
	merge := exec.CommandContext(t.Context(), run, "features", "merge", cache, "--out", out)
	if output, err := merge.CombinedOutput(); err == nil || !strings.Contains(string(output), "1 of 8 shards are missing: 4") {
		t.Errorf("with a shard missing: %v\n%s", err, output)
	}
	if got := shard(poisoned, false, false); got != 0 {
		t.Errorf("skipping its image, the shard ends with status %d", got)
	}
	merge = exec.CommandContext(t.Context(), run, "features", "merge", cache, "--out", out)
	if output, err := merge.CombinedOutput(); err != nil || !strings.Contains(string(output), `skipped "blue/004.png"`) {
		t.Fatalf("%v\n%s", err, output)
	}
	whole := filepath.Join(t.TempDir(), "whole.safetensors")
	if output, err := exec.CommandContext(t.Context(), run, small("features", images, "--out", whole)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("merged are %d bytes that are not the %d of one process", len(got), len(want))
	}
}

// TestFeaturesOfAnAddress computes tar archives of object storage whose connections break: in one process and as shards. The bytes are those of the same archives in files.
func TestFeaturesOfAnAddress(t *testing.T) {
	run := program(t)
	images, tars := t.TempDir(), t.TempDir()
	modeltest.WriteImages(t, images, 20, "blue", "green", "red")
	objects := map[string][]byte{}
	for _, class := range []string{"blue", "green", "red"} {
		var data bytes.Buffer
		w := tar.NewWriter(&data)
		if err := errors.Join(w.AddFS(os.DirFS(filepath.Join(images, class))), w.Close()); err != nil {
			t.Fatal(err)
		}
		objects["train/"+class+".tar"] = data.Bytes()
		if err := os.WriteFile(filepath.Join(tars, class+".tar"), data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := buckettest.New(t, "photos", objects)
	server.Answer = buckettest.Cut(server, 20_000)
	for name, value := range server.Environment() {
		t.Setenv(name, value)
	}
	headstart := func(args ...string) string {
		output, err := exec.CommandContext(t.Context(), run, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, output)
		}
		return string(output)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	headstart(small("features", filepath.Join(tars, "blue.tar"), filepath.Join(tars, "green.tar"), filepath.Join(tars, "red.tar"), "--out", at("files"))...)
	if output := headstart(small("features", "s3://photos/train/", "--out", at("whole"))...); !strings.Contains(output, "wrote "+at("whole")+": [60 ") {
		t.Errorf("the output is %s", output)
	}
	for i := range 2 {
		output := headstart(small("features", "s3://photos/train", "--shard", fmt.Sprint(i), "--of", "2", "--out", at("cache"))...)
		if i == 0 && !strings.Contains(output, "shard 0 of 2: 2 of 3 files, 40 images, 0 of them skipped") {
			t.Errorf("the output is %s", output)
		}
	}
	headstart("features", "merge", at("cache"), "--out", at("merged"))
	want, err := os.ReadFile(at("files"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"whole", "merged"} {
		if got, err := os.ReadFile(at(name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has other bytes than the features of files (%v)", name, err)
		}
	}
	left, err := filepath.Glob(at(".features-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%q is left", left)
	}
	command := exec.CommandContext(t.Context(), run, small("features", "s3://none/x/", "--out", at("none"))...)
	if output, err := command.CombinedOutput(); err == nil || !strings.Contains(string(output), "NoSuchBucket") || strings.Count(string(output), "\n") != 1 {
		t.Errorf("%v\n%s", err, output)
	}
}

// A model that was trained on merged features, labeled by the .cls files of archives, predicts images.
func TestTrainOnMergedFeatures(t *testing.T) {
	run := program(t)
	images, dir := t.TempDir(), t.TempDir()
	modeltest.WriteImages(t, images, 30, "blue", "green", "red")
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, class := range []string{"blue", "green", "red"} {
		for i := range 30 {
			image, err := os.ReadFile(filepath.Join(images, class, fmt.Sprintf("%03d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			for ending, content := range map[string][]byte{"png": image, "cls": []byte(class)} {
				if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%s%03d.%s", class, i, ending), Mode: 0o644, Size: int64(len(content))}); err != nil {
					t.Fatal(err)
				}
				if _, err := w.Write(content); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(w.Close(), os.WriteFile(at("x.tar"), data.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		small("features", at("x.tar"), "--out", at("features")),
		{"features", "train", at("features"), "--head", "none", "--epochs", "20", "--batch", "16", "--lr", "0.01", "--out", at("model")},
		{"predict", at("model"), filepath.Join(images, "green", "003.png")},
	} {
		output, err := exec.CommandContext(t.Context(), run, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, output)
		}
		if args[0] == "predict" && !strings.Contains(string(output), "green") {
			t.Errorf("the output is %s", output)
		}
	}
	for want, args := range map[string][]string{
		"the model was trained on a file of features": {"verify", at("model")}, "is not empty": {"features", "train", at("features"), "--out", at("model")},
	} {
		output, err := exec.CommandContext(t.Context(), run, args...).CombinedOutput()
		if err == nil || !strings.Contains(string(output), want) {
			t.Errorf("%q: %v\n%s", args, err, output)
		}
	}
}

// The Job of an address takes its credentials from a secret.
func TestManifestOfAnAddress(t *testing.T) {
	got, err := exec.CommandContext(t.Context(), program(t), "features", "s3://photos/train/", "--of", "2", "--out", "/data/cache", "--manifest").Output()
	if err != nil || !strings.Contains(string(got), "        envFrom:\n        - secretRef:\n            name: headstart-s3") {
		t.Errorf("%v\n%s", err, got)
	}
}

// The Job is a golden file, which tests/kubernetes reads as Kubernetes does.
func TestManifest(t *testing.T) {
	run := exec.CommandContext(t.Context(), program(t), "features", `/data/my "images"`, "--of", "64", "--out", "/data/cache", "--strict", "--weights", "sample",
		"--manifest", "--suspend")
	got, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "job.golden.yaml")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the Job is\n%s", got)
	}
}
