package preflight

import (
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/job"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

func TestPreflight(t *testing.T) {
	good := plainJob(t)
	options := modeltest.Options()
	options.Weights = resnet.WeightsFile(modeltest.WriteWeights(t, good.Backbone)) // from a file they count as trained
	good.Backbone = modeltest.Backbone(t, options)
	if list := Diagnose(good); len(list) != 0 {
		t.Fatalf("without a mistake: %+v", list)
	}
	for _, test := range []struct {
		code     string
		severity diagnosis.Severity
		change   func(*job.Job)
	}{
		{CodePreprocess, diagnosis.Error, func(j *job.Job) {
			wrong := options
			wrong.Preprocess = "torch"
			j.Backbone = modeltest.Backbone(t, wrong)
		}},
		{CodeRandom, diagnosis.Warning, func(j *job.Job) { j.Backbone = modeltest.Backbone(t, modeltest.Options()) }},
		{CodeLabelOrder, diagnosis.Error, func(j *job.Job) { j.Classes = []string{"red", "green", "blue"} }},
		{CodeBatchNorm, diagnosis.Error, func(j *job.Job) { j.Recipe.TrainNorm = true }},
		{CodePoolNone, diagnosis.Warning, func(j *job.Job) {
			unpooled := options
			unpooled.Pool = "none"
			j.Backbone = modeltest.Backbone(t, unpooled)
		}},
		{CodeLearningRate, diagnosis.Warning, func(j *job.Job) { j.Recipe.LearningRate = 1 }},
		{CodeLearningRate, diagnosis.Warning, func(j *job.Job) { j.Recipe.LearningRate, j.Recipe.Unfreeze = 0.01, "conv1" }},
		{CodeFewImages, diagnosis.Warning, func(j *job.Job) { drop(j, imagefolder.Train, "red", 5) }},
		{CodeFewImages, diagnosis.Error, func(j *job.Job) { drop(j, imagefolder.Train, "red", 0) }},
		{CodeBatchOfOne, diagnosis.Warning, func(j *job.Job) { j.Recipe.Head, j.Recipe.BatchSize = "dense:8:relu,batchnorm", 1 }},
		{CodeBatchOfOne, diagnosis.Warning, func(j *job.Job) {
			j.Recipe.TrainNorm, j.Recipe.Unfreeze, j.Recipe.LearningRate, j.Recipe.BatchSize = true, "conv1", 0.001, 1
		}},
		{CodeImbalance, diagnosis.Warning, func(j *job.Job) { drop(j, imagefolder.Train, "red", 2); j.Accept = []string{CodeFewImages} }},
		{CodeNoValidation, diagnosis.Warning, func(j *job.Job) {
			for _, class := range j.Dataset.Classes {
				drop(j, imagefolder.Val, class, 0)
			}
		}},
		{CodeLeak, diagnosis.Error, func(j *job.Job) {
			val, train := j.Dataset.Select(imagefolder.Val)[0], j.Dataset.Select(imagefolder.Train)[0]
			j.Dataset.Items[val].SHA256 = j.Dataset.Items[train].SHA256
		}},
	} {
		job := good
		data := *good.Dataset
		data.Items = slices.Clone(data.Items)
		job.Dataset = &data
		test.change(&job)
		list := Diagnose(job)
		if len(list) != 1 || list[0].Code != test.code || list[0].Severity != test.severity {
			t.Errorf("%s: %+v", test.code, list)
			continue
		}
		if !slices.Contains(Codes(), test.code) {
			t.Errorf("%s is not in the list of codes", test.code)
		}
		if err := Check(job); (err != nil) != (test.severity == diagnosis.Error) {
			t.Errorf("%s: the check gave %v", test.code, err)
		}
		job.Accept = append(job.Accept, test.code)
		if list := Diagnose(job); len(list) != 0 {
			t.Errorf("%s was not accepted: %+v", test.code, list)
		}
	}
}

// drop leaves so many items of a class in a split.
func drop(j *job.Job, split, class string, leave int) {
	label := slices.Index(j.Dataset.Classes, class)
	j.Dataset.Items = slices.DeleteFunc(slices.Clone(j.Dataset.Items), func(item imagefolder.Item) bool {
		if item.Split != split || item.Label != label {
			return false
		}
		leave--
		return leave < 0
	})
}

// plainJob is a training that Preflight finds nothing in but random weights.
func plainJob(t testing.TB) job.Job {
	t.Helper()
	j := job.Job{Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Colors(t), Backbone: modeltest.Backbone(t, modeltest.Options())}
	j.Recipe.Head = "dense:8:relu"
	return j
}
