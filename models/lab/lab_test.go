package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/lab/summary"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/weights"
)

// goLab is a lab on the backend that needs no plugin.
func goLab(t *testing.T, home string) *Lab {
	t.Helper()
	l := New(home, accel.Options{Device: "go"}, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// photos writes two classes of images of 8 x 8 pixels.
func photos(t *testing.T, perClass int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "photos")
	random := rand.New(rand.NewPCG(42, 42))
	for class, tint := range map[string]color.RGBA{"red": {255, 30, 30, 255}, "blue": {30, 30, 255, 255}} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o700); err != nil {
			t.Fatal(err)
		}
		for i := range perClass {
			img := image.NewRGBA(image.Rect(0, 0, 8, 8))
			for at := range 64 {
				bright := random.Float64()
				img.SetRGBA(at%8, at/8, color.RGBA{uint8(float64(tint.R) * bright), uint8(float64(tint.G) * bright), uint8(float64(tint.B) * bright), 255})
			}
			file, err := os.Create(filepath.Join(dir, class, fmt.Sprintf("%d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(file, img), file.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// prepared is a lab with a dataset and a model of random weights.
func prepared(t *testing.T, home, dir string) *Lab {
	t.Helper()
	l := goLab(t, home)
	options := imagefolder.DefaultOptions()
	options.Size, options.Test = 32, 0.25
	if _, err := l.LoadDataset(t.Context(), dir, options); err != nil {
		t.Fatal(err)
	}
	backbone := resnet.DefaultOptions()
	backbone.Weights, backbone.Cut, backbone.Size = resnet.RandomWeights(42), "conv1", 0
	_, err := l.BuildModel(t.Context(), "resnet50", ModelOptions{Backbone: backbone, Head: "dense:8:relu", Precision: resnet.Float32})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func train(t *testing.T, l *Lab, name string, seed int64) runstatus.Stand {
	t.Helper()
	o := TrainOptions{Recipe: recipe.DefaultRecipe(), Name: name, Cell: "%train", Flags: []string{"--seed"}}
	o.Recipe.Epochs, o.Recipe.Seed = 2, seed
	r, err := l.Train(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-r.Done()
	s := r.Stand()
	if s.Err != nil {
		t.Fatal(s.Err)
	}
	return s
}

func predicted(t *testing.T, l *Lab, of Ref, file string) float64 {
	t.Helper()
	trained, err := l.Trained(t.Context(), of)
	if err != nil {
		t.Fatalf("%+v: %v", of, err)
	}
	answer, err := l.Predict(t.Context(), trained, []input.Image{{Name: "x", File: file}}, predictor.Options{Top: 2})
	if err != nil {
		t.Fatalf("%+v: %v", of, err)
	}
	for _, score := range answer[0].Top {
		if score.Class == "red" {
			return score.Probability
		}
	}
	t.Fatalf("%+v: no probability of red in %v", of, answer)
	return 0
}

// A run's model stays that run's, also where the same model was trained again, and in a new process.
func TestARunKeepsItsWeights(t *testing.T) {
	home, dir := t.TempDir(), photos(t, 16)
	file := filepath.Join(dir, "red", "0.png")
	l := prepared(t, home, dir)
	train(t, l, "first", 1)
	first := predicted(t, l, Ref{}, file)
	if got := predicted(t, l, Ref{Run: "first"}, file); got != first {
		t.Errorf("the model of the run predicts %v, and the current one, which is the same, %v", got, first)
	}
	train(t, l, "second", 2)
	if second := predicted(t, l, Ref{Run: "second"}, file); second == first {
		t.Fatalf("both runs predict %v", first)
	}
	if got := predicted(t, l, Ref{Run: "first"}, file); got != first {
		t.Errorf("after another run, the model of the first predicts %v, and it was %v", got, first)
	}
	e, err := l.Evaluate(t.Context(), Ref{Run: "first"}, EvaluateOptions{Split: imagefolder.Val})
	if err != nil || e.Trained.Name != "first" || e.Report.Images == 0 {
		t.Errorf("the evaluation of the run is %+v, %v", e, err)
	}
	restarted := goLab(t, home)
	if got := predicted(t, restarted, Ref{Run: "first"}, file); got != first {
		t.Errorf("in a new process the model of the run predicts %v, and it was %v", got, first)
	}
	trained, err := restarted.Trained(t.Context(), Ref{Run: "first"})
	if err != nil || trained.Dataset != nil {
		t.Fatalf("%+v, %v", trained, err)
	}
	if _, _, err := restarted.Images(trained, []string{"@val"}, ImageOptions{}); !errors.As(err, new(*predictor.NoImagesError)) {
		t.Errorf("images of a dataset that is not loaded: %v", err)
	}
	_, err = restarted.Trained(t.Context(), Ref{Run: "thrid"})
	if missing, ok := errors.AsType[*named.NotFoundError](err); !ok || missing.Kind != named.KindRun || !slices.Equal(missing.Have, []string{"second", "first"}) {
		t.Errorf("a run that does not exist: %v", err)
	}
}

// A card says what came of a run: the images that it used, both accuracies that people call the best, nothing that JSON has
// no number for.
func TestCardOfARun(t *testing.T) {
	l := prepared(t, t.TempDir(), photos(t, 16))
	s := train(t, l, "first", 1)
	c := s.Card()
	if c.TrainImages+c.ValImages != c.Images || c.Images != 24 || c.ValImages == 0 { // 32, less 8 for the test
		t.Errorf("%d images, %d to train and %d to validate", c.Images, c.TrainImages, c.ValImages)
	}
	if c.State != runstatus.StateDone || c.Status != "finished" || c.Epoch != 2 || c.Epochs != 2 || c.Seconds <= 0 || c.Backend == "" || c.Model != "resnet50" {
		t.Errorf("the card is %+v", c)
	}
	if c.Rate != 0 || c.StepsPerSecond <= 0 {
		t.Errorf("the head on cached features goes through %v images and takes %v steps per second", c.Rate, c.StepsPerSecond)
	}
	if c.ValAccuracy == nil || *c.ValAccuracy != c.Metrics["val_accuracy"] || c.HighestValAccuracy == nil || *c.HighestValAccuracy < *c.ValAccuracy {
		t.Errorf("the accuracies are %v and %v, the metrics %v", c.ValAccuracy, c.HighestValAccuracy, c.Metrics)
	}
	value, ok := l.Value("last.run")
	var left runstatus.Card
	if err := json.Unmarshal(value.JSON, &left); !ok || err != nil || left.ID != "first" || left.State != runstatus.StateDone {
		t.Errorf("Go cells get %s, %v", value.JSON, err)
	}
	stored, err := l.StoredRun("first")
	if err != nil {
		t.Fatal(err)
	}
	onDisk := runstatus.Stand{Run: stored}.Card()
	onDisk.Started, onDisk.Seconds = c.Started, c.Seconds // the record's clock is read a moment later
	live, disk := asJSON(t, c), asJSON(t, onDisk)
	if live != disk {
		t.Errorf("the card of the live run and that of the record differ:\n%s\n%s", live, disk)
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An interrupt before the first epoch stops a run; it has not failed, and has no weights.
func TestAnInterruptBeforeTheFirstEpoch(t *testing.T) {
	l := prepared(t, t.TempDir(), photos(t, 16))
	if _, err := l.Device(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := l.Train(ctx, TrainOptions{Recipe: recipe.DefaultRecipe(), Name: "early"})
	if err != nil {
		t.Fatal(err)
	}
	<-r.Done()
	c := r.Stand().Card()
	if c.State != runstatus.StateStopped || c.Best != 0 || c.ValAccuracy != nil || c.Error != "" {
		t.Errorf("the card is %+v", c)
	}
	stored, err := l.StoredRun("early")
	if err != nil || stored.Status != progress.Stopped {
		t.Errorf("on disk it is %q, %v", stored.Status, err)
	}
	if _, err := l.Trained(t.Context(), Ref{Run: "early"}); !errors.As(err, new(*NoWeightsError)) {
		t.Errorf("its model: %v", err)
	}
}

func TestARunThatTrains(t *testing.T) {
	l := prepared(t, t.TempDir(), photos(t, 16))
	o := TrainOptions{Recipe: recipe.DefaultRecipe(), Name: "long", Background: true}
	o.Recipe.Epochs = 100_000
	r, err := l.Train(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{}, 1)
	defer r.Watch(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	for len(r.Stand().History) == 0 {
		select {
		case <-changed:
		case <-r.Done():
			t.Fatalf("it ended: %v", r.Stand().Err)
		case <-time.After(time.Minute):
			t.Fatal("no epoch in a minute")
		}
	}
	for name, err := range map[string]error{
		"another of its name": func() error { _, err := l.Train(t.Context(), o); return err }(),
		"its model":           func() error { _, err := l.Trained(t.Context(), Ref{Run: "long"}); return err }(),
		"another device":      l.OpenDevice(t.Context(), accel.Options{Device: "go"}),
	} {
		if running, ok := errors.AsType[*RunningError](err); !ok || running.Run != "long" {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.Stop()
	<-r.Done()
	if s := r.Stand(); s.Status != progress.Stopped || !errors.Is(s.Err, progress.ErrStopped) {
		t.Errorf("it ended as %s, %v", s.Status, s.Err)
	}
	if _, err := l.Trained(t.Context(), Ref{Run: "long"}); err != nil {
		t.Errorf("the model that it has kept: %v", err)
	}
	if _, err := l.Train(t.Context(), o); !errors.As(err, new(*RunExistsError)) {
		t.Errorf("a new run of that name: %v", err)
	}
}

func itemPaths(data *imagefolder.Dataset) (paths []string) {
	for _, item := range data.Items {
		paths = append(paths, item.Path)
	}
	return paths
}

// An image moves to a class whose images have all been relabeled.
func TestAnEmptiedClassGetsAnImageBack(t *testing.T) {
	l := prepared(t, t.TempDir(), photos(t, 2))
	data, err := l.Dataset("")
	if err != nil {
		t.Fatal(err)
	}
	for to, paths := range map[string][]string{"blue": {"red/0.png", "red/1.png"}} {
		if data, err = l.EditDataset(t.Context(), data, []Edit{{Action: imagefolder.Relabel, Paths: paths, To: to}}); err != nil || len(data.Classes) != 1 {
			t.Fatalf("classes %v, %v", data.Classes, err)
		}
	}
	data, err = l.EditDataset(t.Context(), data, []Edit{{Action: imagefolder.Relabel, Paths: []string{"red/1.png"}, To: "red"}})
	if err != nil || len(data.Classes) != 2 {
		t.Errorf("relabeled back: %v", err)
	}
}

func TestEditsOfADataset(t *testing.T) {
	l := prepared(t, t.TempDir(), photos(t, 4))
	data, err := l.Dataset("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.EditDataset(t.Context(), data, []Edit{{Action: imagefolder.Delete, Paths: []string{"red/nowhere.png"}}}); err == nil {
		t.Error("an image that does not exist was deleted")
	}
	for name, wrong := range map[string]Edit{
		"image": {Action: imagefolder.Delete, Paths: []string{"red/nowhere.png"}}, "class": {Action: imagefolder.Relabel, Paths: []string{"red/1.png"}, To: "green"},
		"all": {Action: imagefolder.Delete, Paths: itemPaths(data)},
	} {
		if _, err := l.EditDataset(t.Context(), data, []Edit{{Action: imagefolder.Keep, Paths: []string{"red/0.png"}}, wrong}); err == nil {
			t.Errorf("a wrong %s was edited", name)
		}
		if edits, err := imagefolder.ReadEdits(data.EditsFile()); err != nil || len(edits) > 0 {
			t.Fatalf("a wrong %s: %d of the edits were made, %v", name, len(edits), err)
		}
	}
	paths := itemPaths(data)
	for _, first := range [][]string{paths[:3], paths[:7]} {
		rest := []Edit{
			{Action: imagefolder.Delete, Paths: first}, {Action: imagefolder.Keep, Paths: paths[7:]}, {Action: imagefolder.Delete, Paths: paths[len(first):]},
		}
		if _, err := l.EditDataset(t.Context(), data, rest); err == nil {
			t.Fatal("two edits deleted all images")
		}
		if edits, err := imagefolder.ReadEdits(data.EditsFile()); err != nil || len(edits) > 0 {
			t.Fatalf("%d of the edits that leave no image were made, %v", len(edits), err)
		}
	}
	edited, err := l.EditDataset(t.Context(), data, []Edit{
		{Action: imagefolder.Delete, Paths: []string{"red/0.png"}}, {Action: imagefolder.Relabel, Paths: []string{"red/1.png"}, To: "blue"},
	})
	if err != nil || len(edited.Items) != 7 {
		t.Fatalf("%d images are left of 8, %v", len(edited.Items), err)
	}
	if current, err := l.Dataset(""); err != nil || current != edited {
		t.Errorf("the current dataset is not the edited one: %v", err)
	}
	undone, err := l.UndoEdit(t.Context(), edited, 0)
	if err != nil {
		t.Fatal(err)
	}
	if s := summary.Of(undone); s.Images != 7 || s.Classes[0].Name != "blue" || s.Classes[0].Train+s.Classes[0].Val+s.Classes[0].Test != 4 {
		t.Errorf("after the relabeling was undone: %+v", s)
	}
	suspects, err := l.Suspects(t.Context(), undone, Ref{}, 10)
	if err != nil || suspects.Judge != JudgeNone {
		t.Errorf("without a trained model: %+v, %v", suspects, err)
	}
	if _, err := l.Suspects(t.Context(), undone, Ref{Model: "resnet50"}, 10); !errors.As(err, new(*UntrainedError)) {
		t.Errorf("by a model without a head: %v", err)
	}
}

func TestErrorsNameWhatThereIs(t *testing.T) {
	for want, err := range map[string]error{
		"there is no dataset yet":                         &named.NotFoundError{Kind: named.KindDataset},
		`unknown model "x": there is none yet`:            &named.NotFoundError{Kind: named.KindModel, Name: "x"},
		`unknown run "x", have a, b`:                      &named.NotFoundError{Kind: named.KindRun, Name: "x", Have: []string{"a", "b"}},
		"the run a has kept no weights":                   &NoWeightsError{Run: "a"},
		"train: the run a has not ended yet":              &RunningError{Doing: "train", Run: "a"},
		"the model m has no trained head yet":             &UntrainedError{"m"},
		"the images that m was trained on are not loaded": &predictor.NoImagesError{Model: "m"},
	} {
		if err.Error() != want {
			t.Errorf("%T says %q, want %q", err, err, want)
		}
	}
}

// A Go cell gets the features of several stages as one vector.
func TestFeaturesOfSeveralStages(t *testing.T) {
	l := goLab(t, t.TempDir())
	backbone := resnet.DefaultOptions()
	backbone.Weights, backbone.Cut, backbone.Size = resnet.RandomWeights(42), "conv1+conv2", 32
	m, err := l.BuildModel(t.Context(), "resnet50", ModelOptions{Backbone: backbone, Head: "l2norm", Precision: resnet.Float32})
	if err != nil {
		t.Fatal(err)
	}
	pixels := imageio.RGB{Width: 40, Height: 30, Pix: make([]uint8, 40*30*3)}
	for i := range pixels.Pix {
		pixels.Pix[i] = uint8(i % 251)
	}
	values, shape, err := l.Features(t.Context(), m, []input.Image{{Name: "one", Pixels: pixels}, {Name: "two", Pixels: pixels}})
	if err != nil || len(shape) != 2 || shape[0] != 2 || shape[1] != 64+256 || len(values) != 2*(64+256) {
		t.Fatalf("%d features of shape %v, %v", len(values), shape, err)
	}
	if classes := m.Classes(); classes != 0 {
		t.Errorf("an untrained model knows %d classes", classes)
	}
}

// A top needs weights that were trained with one.
func TestTopOfRandomWeights(t *testing.T) {
	options := resnet.DefaultOptions()
	options.Weights, options.Top = resnet.RandomWeights(1), true
	_, err := goLab(t, "").BuildModel(t.Context(), "resnet50", ModelOptions{Backbone: options, Precision: resnet.Float32})
	if !errors.As(err, new(*resnet.NoTopError)) {
		t.Errorf("a top of random weights: %v", err)
	}
}

// What a dataset leaves open is the weights' choice.
func TestMethodOfTheCurrentModel(t *testing.T) {
	l := prepared(t, "", photos(t, 8))
	data, err := l.Dataset("")
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Method(data); got != imagefolder.Bilinear {
		t.Errorf("random weights: %q", got)
	}
	m, err := l.Model("")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "weights.safetensors")
	err = atomicfile.WriteFile(file, func(w io.Writer) error { return weights.Write(w, m.Backbone.Tensors(), nil) })
	if err != nil {
		t.Fatal(err)
	}
	backbone := m.Backbone.Architecture().Options(resnet.RandomWeights(42).Saved(file, ""))
	backbone.Weights.Variant, backbone.Weights.Resize = resnet.V1, imagefolder.Crop
	if _, err := l.BuildModel(t.Context(), "resnet50", ModelOptions{Backbone: backbone, Precision: resnet.Float32}); err != nil {
		t.Fatal(err)
	}
	if got := l.Method(data); got != imagefolder.Crop {
		t.Errorf("weights whose publisher crops: %q", got)
	}
	job, _, err := l.Job(TrainOptions{Recipe: recipe.DefaultRecipe()})
	if err != nil || job.Backbone.Identity().Geometry.Method != imagefolder.Crop {
		t.Errorf("a training takes %s, %v", job.Backbone.Identity().Geometry.Method, err)
	}
	data.Options.Method = imagefolder.Nearest
	if got := l.Method(data); got != imagefolder.Nearest {
		t.Errorf("chosen for the dataset: %q", got)
	}
	for chosen, want := range map[imageio.Decoding]imageio.Decoding{
		"": imageio.DefaultDecoding, imageio.Exact: imageio.Exact, imageio.Scaled: imageio.Scaled,
	} {
		data.Options.Decode = chosen
		job, _, err := l.Job(TrainOptions{Recipe: recipe.DefaultRecipe()})
		if err != nil || job.Backbone.Identity().Geometry.Decode != want {
			t.Errorf("decoding %q of the dataset: a training takes %s, %v", chosen, job.Backbone.Identity().Geometry.Decode, err)
		}
	}
}
