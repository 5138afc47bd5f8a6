package classifier

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/weights"
)

// evaluateVar tells the test's program, started again, what to evaluate: a model, a state folder and images.
const evaluateVar = "HEADSTART_TEST_EVALUATE"

// evaluated loads a model and evaluates it on images; it returns how many went through the frozen pass.
func evaluated(t *testing.T, dir, home, images string) (computed int) {
	t.Helper()
	m, err := Load(t.Context(), modeltest.XLA(t, 1), dir, LoadOptions{Home: home})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var last features.Progress
	data := modeltest.Load(t, images)
	_, err = m.EvaluateWith(context.Background(), data, allItems(data), EvaluateOptions{Events: func(e progress.Event) {
		if e.Features != nil {
			last = *e.Features
		}
	}})
	if err != nil || last.Computed+last.Cached != len(data.Items) {
		t.Fatalf("%d of %d images were computed and %d cached, %v", last.Computed, len(data.Items), last.Cached, err)
	}
	return last.Computed
}

func TestAnEvaluationInAnotherProcessComputesNoFeatures(t *testing.T) {
	if asked := strings.Split(os.Getenv(evaluateVar), "\n"); len(asked) == 3 {
		fmt.Printf("computed %d images\n", evaluated(t, asked[0], asked[1], asked[2]))
		return
	}
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "saved")
	job := smallJob(t)
	job.Environment.Home = home
	m := fit(t, modeltest.XLA(t, 1), job)
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), evaluateVar+"="+strings.Join([]string{dir, home, job.Dataset.Root}, "\n"))
	out, err := again.CombinedOutput()
	if found := regexp.MustCompile(`computed (\d+) images`).FindSubmatch(out); err != nil || found == nil || string(found[1]) != "0" {
		t.Errorf("want computed 0 images; %v:\n%s", err, out)
	}

	// A stranger's folder has other numbers, and says of them what the true one says: its hashes fit, and the rest is a claim.
	claims := m.Backbone().Identity()
	tensors := maps.Clone(m.Backbone().Network().Tensors())
	kernel := tensors["conv1_conv/kernel"]
	kernel.Values = append([]float32(nil), kernel.Values...)
	kernel.Values[7] += 0.25
	tensors["conv1_conv/kernel"] = kernel
	content, _ := m.Backbone().Network().ContentFingerprint()
	file, err := os.Create(filepath.Join(dir, backboneFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := weights.Write(file, tensors, map[string]string{"sha256": claims.Weights.SHA256, "fingerprint": claims.Fingerprint, "content": content}); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	text, err := os.ReadFile(filepath.Join(dir, modelFile))
	if err == nil {
		err = json.Unmarshal(text, &fields)
	}
	if err != nil {
		t.Fatal(err)
	}
	fields["sha256"].(map[string]any)[backboneFile] = fileDigest(t, file.Name())
	if err := os.WriteFile(filepath.Join(dir, modelFile), sealed(t, fields), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := evaluated(t, dir, home, job.Dataset.Root); n != len(job.Dataset.Items) {
		t.Errorf("of other weights that claim to be the same, %d of %d images were computed", n, len(job.Dataset.Items))
	}
	// What the stranger's model has computed is not taken for what the true one would.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := evaluated(t, dir, home, job.Dataset.Root); n != 0 {
		t.Errorf("of the true model, %d images were computed", n)
	}
}

func fileDigest(t *testing.T, path string) string {
	t.Helper()
	sum, _, err := digest.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
