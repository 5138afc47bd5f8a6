package training

import (
	"errors"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
)

func TestPreflight(t *testing.T) {
	good := smallJob(t)
	options := modeltest.Options()
	options.Weights = resnet.WeightsFile(modeltest.WriteWeights(t, good.Backbone)) // from a file they count as trained
	good.Backbone = modeltest.Backbone(t, options)
	if list := Preflight(good); len(list) != 0 {
		t.Fatalf("without a mistake: %+v", list)
	}
	for _, test := range []struct {
		code     string
		severity diagnosis.Severity
		change   func(*Job)
	}{
		{CodePreprocess, diagnosis.Error, func(j *Job) {
			wrong := options
			wrong.Preprocess = "torch"
			j.Backbone = modeltest.Backbone(t, wrong)
		}},
		{CodeRandom, diagnosis.Warning, func(j *Job) { j.Backbone = modeltest.Backbone(t, modeltest.Options()) }},
		{CodeLabelOrder, diagnosis.Error, func(j *Job) { j.Classes = []string{"red", "green", "blue"} }},
		{CodeBatchNorm, diagnosis.Error, func(j *Job) { j.Recipe.TrainNorm = true }},
		{CodePoolNone, diagnosis.Warning, func(j *Job) {
			unpooled := options
			unpooled.Pool = "none"
			j.Backbone = modeltest.Backbone(t, unpooled)
		}},
		{CodeLearningRate, diagnosis.Warning, func(j *Job) { j.Recipe.LearningRate = 1 }},
		{CodeLearningRate, diagnosis.Warning, func(j *Job) { j.Recipe.LearningRate, j.Recipe.Unfreeze = 0.01, "conv1" }},
		{CodeFewImages, diagnosis.Warning, func(j *Job) { drop(j, imagefolder.Train, "red", 5) }},
		{CodeFewImages, diagnosis.Error, func(j *Job) { drop(j, imagefolder.Train, "red", 0) }},
		{CodeBatchOfOne, diagnosis.Warning, func(j *Job) { j.Recipe.Head, j.Recipe.BatchSize = "dense:8:relu,batchnorm", 1 }},
		{CodeBatchOfOne, diagnosis.Warning, func(j *Job) {
			j.Recipe.TrainNorm, j.Recipe.Unfreeze, j.Recipe.LearningRate, j.Recipe.BatchSize = true, "conv1", 0.001, 1
		}},
		{CodeImbalance, diagnosis.Warning, func(j *Job) { drop(j, imagefolder.Train, "red", 2); j.Accept = []string{CodeFewImages} }},
		{CodeNoValidation, diagnosis.Warning, func(j *Job) {
			for _, class := range j.Dataset.Classes {
				drop(j, imagefolder.Val, class, 0)
			}
		}},
		{CodeLeak, diagnosis.Error, func(j *Job) {
			val, train := j.Dataset.Select(imagefolder.Val)[0], j.Dataset.Select(imagefolder.Train)[0]
			j.Dataset.Items[val].SHA256 = j.Dataset.Items[train].SHA256
		}},
	} {
		job := good
		data := *good.Dataset
		data.Items = slices.Clone(data.Items)
		job.Dataset = &data
		test.change(&job)
		list := Preflight(job)
		if len(list) != 1 || list[0].Code != test.code || list[0].Severity != test.severity {
			t.Errorf("%s: %+v", test.code, list)
			continue
		}
		if !slices.Contains(PreflightCodes(), test.code) {
			t.Errorf("%s is not in the list of codes", test.code)
		}
		if err := Check(job); (err != nil) != (test.severity == diagnosis.Error) {
			t.Errorf("%s: the check gave %v", test.code, err)
		}
		job.Accept = append(job.Accept, test.code)
		if list := Preflight(job); len(list) != 0 {
			t.Errorf("%s was not accepted: %+v", test.code, list)
		}
	}
}

// drop leaves so many items of a class in a split.
func drop(j *Job, split, class string, leave int) {
	label := slices.Index(j.Dataset.Classes, class)
	j.Dataset.Items = slices.DeleteFunc(slices.Clone(j.Dataset.Items), func(item imagefolder.Item) bool {
		if item.Split != split || item.Label != label {
			return false
		}
		leave--
		return leave < 0
	})
}

// Fit tells what Preflight warns of, and refuses what it calls an error.
func TestFitHeedsThePreflight(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs = 1
	var told []string
	r, err := Fit(t.Context(), device, job, func(e Event) {
		if e.Kind == DiagnosisEvent {
			told = append(told, e.Diagnosis.Code)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil || !slices.Equal(told, []string{CodeRandom}) {
		t.Errorf("a training on random weights told %v, %v", told, err)
	}
	job.Recipe.TrainNorm = true
	_, err = Fit(t.Context(), device, job, nil)
	if refused, ok := errors.AsType[*PreflightError](err); !ok || refused.Diagnoses[0].Code != CodeBatchNorm {
		t.Errorf("batch norms of a frozen backbone: %v", err)
	}
}
