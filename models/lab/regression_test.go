package lab

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// TestARegressionIsEvaluatedOnImagesOfItsTraining wherever they are now. Of other images there are no targets, also where there are as many.
func TestARegressionIsEvaluatedOnImagesOfItsTraining(t *testing.T) {
	root := t.TempDir()
	modeltest.WriteImages(t, root, 4, "blue", "red")
	job := training.Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Load(t, root), Backbone: modeltest.Backbone(t, modeltest.Options()),
		Request: training.Request{Name: "values"},
	}
	job.Recipe.Task, job.Recipe.Epochs, job.Recipe.Head = recipe.Regression, 1, "dense:8:relu"
	for i := range job.Dataset.Items {
		job.Targets = append(job.Targets, []float32{float32(i)})
	}
	result, err := training.Fit(t.Context(), modeltest.PureGo(t), job, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := classifier.New(result)
	defer m.Close()
	all, err := m.Evaluate(t.Context(), job.Dataset, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, classifier.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	l := goLab(t, t.TempDir())
	if _, err := l.LoadModel(t.Context(), dir, "", ""); err != nil {
		t.Fatal(err)
	}

	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.CopyFS(filepath.Join(moved, "any"), os.DirFS(filepath.Join(root, "red"))); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(moved, "other"), os.DirFS(filepath.Join(root, "blue"))); err != nil {
		t.Fatal(err)
	}
	e, err := l.Evaluate(t.Context(), Ref{}, EvaluateOptions{Dir: moved})
	if err != nil {
		t.Fatal(err)
	}
	if e.Report.Images != all.Images || *e.Report.Values != *all.Values {
		t.Errorf("on the same images: %d, %+v; want %d, %+v", e.Report.Images, *e.Report.Values, all.Images, *all.Values)
	}

	others := t.TempDir()
	modeltest.WriteImages(t, others, 2, "grey", "green", "grey", "red")
	_, err = l.Evaluate(t.Context(), Ref{}, EvaluateOptions{Dir: others})
	if unknown, ok := errors.AsType[*classifier.TargetsError](err); !ok || unknown.Images != 6 {
		t.Errorf("on other images: %v", err)
	}
}
