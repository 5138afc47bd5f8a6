package panel_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/panel"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/imagefolder/capture"
	"github.com/headstart-nb/headstart/models/prediction"
)

// request is a request with an image.
func request(t *testing.T, fields map[string]any, image []byte) string {
	t.Helper()
	fields["image"] = base64.StdEncoding.EncodeToString(image)
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An image that is dropped on the panel is predicted as its file is, and leaves nothing behind.
func TestThePredictPanel(t *testing.T) {
	p := transfertest.New(t)
	data, err := os.ReadFile("photos/red/0.png")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what, request, want string) {
		t.Helper()
		if _, err := transfertest.Ask[panel.PredictAnswer](t, p, "predict", request); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", what, err, want)
		}
	}
	refused("without a model", request(t, map[string]any{}, data), "there is no model yet")
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1 --head dense:8:relu")
	refused("without a training", request(t, map[string]any{}, data), "run %train --model resnet50 first")
	model, err := transfertest.Ask[panel.PredictAnswer](t, p, "predict", `{}`)
	if err != nil || model.Trained || model.Size != 32 || model.Model != "resnet50" {
		t.Errorf("before the training the model is %+v, %v", model, err)
	}
	p.Must(t, "%train --epochs 2 --run first")
	if model, err := transfertest.Ask[panel.PredictAnswer](t, p, "predict", `{}`); err != nil || model.Of != 2 || len(model.Classes) != 2 {
		t.Errorf("after the training the model is %+v, %v", model, err)
	}
	var files []prediction.Prediction
	if err := json.Unmarshal([]byte(p.Must(t, "%predict photos/red/0.png --top 2 --json").Output()), &files); err != nil {
		t.Fatal(err)
	}
	before := listFiles(t, p.Home)
	for _, fields := range []map[string]any{{}, {"run": "first"}, {"model": "resnet50", "top": 2}} {
		got, err := transfertest.Ask[panel.PredictAnswer](t, p, "predict", request(t, fields, data))
		if err != nil || !got.Trained || len(got.Top) != 2 || got.Top[0] != files[0].Top[0] || got.Top[1] != files[0].Top[1] {
			t.Errorf("%v: the panel says %+v, %v; the file's answer is %+v", fields, got, err, files[0].Top)
		}
	}
	if got, err := transfertest.Ask[panel.PredictAnswer](t, p, "predict", request(t, map[string]any{"top": 1}, data)); err != nil || len(got.Top) != 1 {
		t.Errorf("of one class: %+v, %v", got, err)
	}
	if after := listFiles(t, p.Home); after != before {
		t.Errorf("a prediction of the panel has written files: before %s, after %s", before, after)
	}
	refused("text", request(t, map[string]any{}, []byte("hello, world")), "not an image: JPEG, PNG, GIF")
	refused("a cut file", request(t, map[string]any{}, data[:60]), "damaged PNG")
	refused("a large file", request(t, map[string]any{}, make([]byte, capture.MaxBytes+1)), "the limit is 7 MiB")
	refused("a run that there is not", request(t, map[string]any{"run": "nosuch"}, data), `unknown run "nosuch"`)
	refused("what is not base64", `{"image": "???"}`, "reading the request to %predict")
}

// listFiles are the names of the files below a folder, with their sizes left out.
func listFiles(t *testing.T, dir string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, "\n")
}

// The data panel's request gives the images behind a cell of the confusion matrix.
func TestImagesByTheirPaths(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json")
	page, err := transfertest.Ask[panel.Page](t, p, "dataset", `{"only": ["red/3.png", "blue/1.png", "nosuch.png"]}`)
	if err != nil || page.Total != 2 || len(page.Items) != 2 || page.Items[0].Path != "blue/1.png" || len(page.Items[1].Thumb) == 0 {
		t.Errorf("the images are %+v, %v", page.Items, err)
	}
	if page, err := transfertest.Ask[panel.Page](t, p, "dataset", `{"only": []}`); err != nil || page.Total != 0 {
		t.Errorf("without a path there are %d images, %v", page.Total, err)
	}
}

// Captured images are a folder that trains.
func TestTheCapturePanel(t *testing.T) {
	p := transfertest.New(t)
	capturing := func(fields map[string]any, image []byte) (panel.CaptureState, error) {
		t.Helper()
		return transfertest.Ask[panel.CaptureState](t, p, "dataset", `{"capture": `+request(t, fields, image)+`}`)
	}
	if state, err := capturing(map[string]any{}, nil); err != nil || state.Folder != "" || len(state.Known) != 0 {
		t.Errorf("without a folder: %+v, %v", state, err)
	}
	if _, err := capturing(map[string]any{"folder": "mine"}, nil); err == nil || !strings.Contains(err.Error(), "open the folder mine: no such file") {
		t.Errorf("a folder that there is not: %v", err)
	}
	var state panel.CaptureState
	var err error
	steps := []map[string]any{{"folder": "mine", "action": "create"}, {"folder": "mine", "action": "class", "class": "red"}, {"folder": "mine", "action": "class", "class": "blue"}}
	for _, step := range steps {
		if state, err = capturing(step, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, class := range []string{"red", "blue"} {
		for n, name := range []string{"0.png", "1.png", "2.png", "3.png", "4.png", "5.png"} {
			data, err := os.ReadFile(filepath.Join("photos", class, name))
			if err != nil {
				t.Fatal(err)
			}
			if state, err = capturing(map[string]any{"folder": "mine", "action": "add", "class": class, "recording": 7, "frame": n + 1}, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if state.Added != "blue/frame7_0006.png" || len(state.Classes) != 2 || state.Classes[1].Images != 6 || len(state.Latest) != 0 {
		t.Errorf("after the additions: %+v", state)
	}
	state, err = capturing(map[string]any{"folder": "mine", "action": "exclude", "class": "blue", "path": "blue/frame7_0006.png"}, nil)
	if err != nil || state.Edits != 1 || state.Classes[0].Images != 5 || len(state.Latest) != 5 || state.Latest[0].Path != "blue/frame7_0005.png" || len(state.Latest[0].Thumb) == 0 {
		t.Errorf("after the exclusion: %+v, %v", state, err)
	}
	for _, test := range []struct {
		fields map[string]any
		image  string
		want   string
	}{
		{map[string]any{"folder": "mine", "action": "add", "class": "../photos"}, "x", "not an image"},
		{map[string]any{"folder": "mine", "action": "exclude", "path": "../photos/red/0.png"}, "", "not an image of this folder"},
		{map[string]any{"folder": "mine", "action": "class", "class": "train"}, "", "would be read as a split"},
		{map[string]any{"folder": "mine", "action": "explode"}, "", "must be one of create, class, add, exclude, undo"},
	} {
		if _, err := capturing(test.fields, []byte(test.image)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q in it", test.fields, err, test.want)
		}
	}
	p.Must(t, "%dataset load mine --size 32 --json")
	if state, err := capturing(map[string]any{}, nil); err != nil || len(state.Known) != 1 || filepath.Base(state.Known[0]) != "mine" {
		t.Errorf("the folders that are known: %v, %v", state.Known, err)
	}
}
