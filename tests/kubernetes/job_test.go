//go:build job

package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestJobRuns gives the printed Job to a real control plane: eight shards, three workers, one shard killed, one that loses its node, one
// with an image that cannot be read. The Job fails that shard alone. A second Job, which skips the image, completes, and the merged bytes
// are those of one process. make job-test builds what it needs; CI runs the shards as processes instead.
func TestJobRuns(t *testing.T) {
	programs := os.Getenv("HEADSTART_BIN")
	scratch := t.TempDir()
	images, cache := filepath.Join(scratch, "images"), filepath.Join(scratch, "cache")
	writeImages(t, images, 60)
	if err := os.WriteFile(filepath.Join(images, "a", "004.png"), []byte("hello"), 0o644); err != nil { // the fifth: shard 4
		t.Fatal(err)
	}
	headstart := func(args ...string) []byte {
		command := exec.CommandContext(t.Context(), filepath.Join(programs, "headstart"), append([]string{"features"}, args...)...)
		command.Env = append(os.Environ(), "HEADSTART_HOME="+filepath.Join(scratch, "home"))
		var problems bytes.Buffer
		command.Stderr = &problems
		output, err := command.Output()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, problems.Bytes())
		}
		return output
	}
	small := []string{"--weights", "random", "--cut", "conv1", "--size", "32"}
	plane := start(t)
	a := &agent{controlPlane: plane, t: t, programs: programs, tmp: filepath.Join(scratch, "tmp"), taken: map[string]bool{}, killed: map[string]bool{}, runs: map[string]int{}}
	ctx, cancel := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for range 3 {
		workers.Go(func() { a.work(ctx) })
	}
	defer workers.Wait()
	defer cancel()

	manifest := headstart(append([]string{images, "--of", "8", "--out", cache, "--manifest", "--strict"}, small...)...)
	job := plane.runJob(t, "strict", manifest)
	if job.Status.CompletedIndexes != "0-3,5-7" || job.Status.FailedIndexes == nil || *job.Status.FailedIndexes != "4" {
		t.Errorf("the strict Job ends with %+v", job.Status)
	}
	if a.runs["2"] < 2 || a.runs["6"] < 2 || a.runs["4"] != 1 {
		t.Errorf("the shards ran %v times: 2 and 6 should run again, and 4 once", a.runs)
	}
	manifest = headstart(append([]string{images, "--of", "8", "--out", cache, "--manifest"}, small...)...)
	if job = plane.runJob(t, "skipping", manifest); job.Status.CompletedIndexes != "0-7" || job.Status.Succeeded != 8 {
		t.Errorf("the Job that skips ends with %+v", job.Status)
	}

	merged, whole := filepath.Join(scratch, "merged"), filepath.Join(scratch, "whole")
	headstart("merge", cache, "--out", merged)
	headstart(append([]string{images, "--out", whole}, small...)...)
	got, err := os.ReadFile(merged)
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

// runJob creates a printed Job under a name, and waits until it has ended.
func (c *controlPlane) runJob(t *testing.T, name string, manifest []byte) *batch.Job {
	t.Helper()
	text, err := yaml.YAMLToJSON(bytes.Replace(manifest, []byte("name: headstart-features"), []byte("name: "+name), 1))
	if err != nil {
		t.Fatal(err)
	}
	const jobs = "/apis/batch/v1/namespaces/default/jobs"
	if _, err := c.call(t.Context(), http.MethodPost, jobs+"?fieldValidation=Strict", "application/json", text); err != nil {
		t.Fatal(err)
	}
	var job batch.Job
	c.await(t, "the end of Job "+name, func() bool {
		if err := c.get(t.Context(), jobs+"/"+name, &job); err != nil {
			t.Fatal(err)
		}
		for _, condition := range job.Status.Conditions {
			if (condition.Type == batch.JobComplete || condition.Type == batch.JobFailed) && condition.Status == core.ConditionTrue {
				t.Logf("Job %s: %s, %s: %s", name, condition.Type, condition.Reason, condition.Message)
				return true
			}
		}
		return false
	})
	return &job
}

// writeImages writes images of noise in three classes.
func writeImages(t *testing.T, dir string, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		img := image.NewRGBA(image.Rect(0, 0, 32, 32))
		for k := range img.Pix {
			img.Pix[k] = uint8(random.IntN(256))
		}
		img.Set(0, 0, color.RGBA{uint8(i), 0, 0, 255})
		class := filepath.Join(dir, string(rune('a'+3*i/n)))
		if err := os.MkdirAll(class, 0o755); err != nil {
			t.Fatal(err)
		}
		var data bytes.Buffer
		if err := png.Encode(&data, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(class, fmt.Sprintf("%03d.png", i%(n/3))), data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
