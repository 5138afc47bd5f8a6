package training

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/nan"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/weights"
)

// overflowing is a backbone whose weights are finite numbers, as loading checks, and whose feature maps after a convolution are not.
func overflowing(t *testing.T, cut resnet.Cut, scale string) *features.Backbone {
	t.Helper()
	options := modeltest.Options()
	options.Cut = cut
	tensors := modeltest.Backbone(t, options).Network().Tensors()
	gamma, ok := tensors[scale]
	if !ok {
		t.Fatalf("there is no %s", scale)
	}
	for i := range gamma.Values {
		gamma.Values[i] = math.MaxFloat32
	}
	tensors[scale] = gamma
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(weights.Write(file, tensors, nil), file.Close()); err != nil {
		t.Fatal(err)
	}
	options.Weights = resnet.WeightsFile(path)
	return modeltest.Backbone(t, options)
}

// A network that is unfrozen as a whole has no features that could be checked beforehand. Where its own weights make the loss a NaN,
// that is said, with the stage, and the learning rate is not blamed.
func TestNaNOfTheWeightsIsNotTheLearningRate(t *testing.T) {
	device := modeltest.XLA(t, 1)
	job := smallJob(t)
	job.Backbone = overflowing(t, "conv2", "conv2_block1_1_bn/gamma")
	job.Recipe.Unfreeze, job.Recipe.LearningRate, job.Recipe.Head = resnet.Conv1, 1e-6, "none"
	_, err := Fit(t.Context(), device, job, nil)
	wrong, ok := errors.AsType[*nan.Error](err)
	if !ok || !errors.Is(err, progress.ErrNaN) || wrong.Cause == nil {
		t.Fatalf("the error is %v", err)
	}
	cause, ok := errors.AsType[*features.NotFiniteError](err)
	if !ok || cause.Stage != resnet.Conv2 || !strings.HasSuffix(cause.Image, ".png") {
		t.Errorf("the cause is %+v", cause)
	}
	if text := err.Error(); strings.Contains(text, "learning rate") || !strings.Contains(text, "at conv2 hold") {
		t.Errorf("it says %q", text)
	}
}

// With sound weights it is the learning rate.
func TestNaNOfTheLearningRate(t *testing.T) {
	device := modeltest.XLA(t, 1)
	job := smallJob(t)
	job.Recipe.Unfreeze, job.Recipe.LearningRate, job.Recipe.Optimizer, job.Recipe.StageRate = resnet.Conv1, 1e6, stepper.SGD, 1
	job.Recipe.Task, job.Targets = recipe.Regression, make([][]float32, len(job.Dataset.Items))
	for i := range job.Targets {
		job.Targets[i] = []float32{float32(i)}
	}
	_, err := Fit(t.Context(), device, job, nil)
	if wrong, ok := errors.AsType[*nan.Error](err); !ok || wrong.Cause != nil || !strings.Contains(err.Error(), "learning rate 1e+06 is too high; try 100000") {
		t.Errorf("the error is %v", err)
	}
}
