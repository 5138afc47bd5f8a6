package transfer

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func TestCleanEditsADatasetAndNoFile(t *testing.T) {
	p := goLab(t)
	mustCall(t, p, "%dataset load photos --size 32 --json")
	for _, step := range []struct{ line, want string }{
		{"%clean --delete red/0.png", "photos: 23 images in 2 classes"},
		{"%clean --relabel red/1.png --to blue", "photos: 23 images in 2 classes"},
		{"%clean --undo 1", "photos: 24 images in 2 classes"},
		{"%clean", "No model is trained yet, so only copies are listed."},
	} {
		if got := mustCall(t, p, step.line).Output(); !strings.Contains(got, step.want) {
			t.Errorf("%s says %q, want %q", step.line, got, step.want)
		}
	}
	log, _ := mustCall(t, p, "%clean --log").Outputs()[0].Bundles[0].Data[display.MIMEText].(string)
	for _, want := range []string{"delete", "relabel", "undo", "red/1.png"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	for line, want := range map[string]string{
		"%clean --keep red/nowhere.png":         `it has no image "red/nowhere.png"`,
		"%clean other":                          `unknown dataset "other", have photos`,
		"%clean --relabel red/2.png --to green": "green",
	} {
		if err := p.call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}

	mustCall(t, p, "%model resnet50 --weights random --cut conv1 --head none", "%train --epochs 1")
	outputs := mustCall(t, p, "%clean").Outputs()
	if len(outputs) == 0 {
		return // the model doubts nothing, which is its right
	}
	data := outputs[len(outputs)-1].Bundles[0].Data
	shown, ok := data[mimeClean].(map[string]any)
	if !ok || shown["dataset"] != "photos" || !strings.Contains(shown["note"].(string), "images that it was not trained on") {
		t.Errorf("the extension gets %v", shown)
	}
}

func TestDatasetPanel(t *testing.T) {
	p := goLab(t)
	if _, err := ask[any](t, p, "dataset", `{}`); err == nil || !strings.Contains(err.Error(), "%dataset load DIR") {
		t.Errorf("without a dataset: %v", err)
	}
	mustCall(t, p, "%dataset load photos --size 32 --json")
	page, err := ask[panelPage](t, p, "dataset", `{"class": "red", "limit": 5, "offset": 2}`)
	if err != nil || page.Total != 12 || len(page.Items) != 5 || page.Images != 24 || len(page.Names) != 1 {
		t.Fatalf("a page is %+v, %v", page, err)
	}
	for _, item := range page.Items {
		if item.Label != "red" || len(item.Thumb) == 0 || item.Predicted != "" {
			t.Errorf("an item is %+v", item)
		}
	}
	page, err = ask[panelPage](t, p, "dataset", `{"action": "delete", "paths": ["red/0.png"], "offset": 1000000}`)
	if err != nil || page.Images != 23 || page.Edits != 1 || len(page.Items) != 0 {
		t.Errorf("after an edit: %+v, %v", page, err)
	}
	page, err = ask[panelPage](t, p, "dataset", `{"action": "undo"}`)
	if err != nil || page.Images != 24 {
		t.Errorf("after it was undone: %+v, %v", page, err)
	}
	for _, request := range []string{`{"action": "explode"}`, `{"dataset": "other"}`, `{"action": "keep", "paths": ["../x.png"]}`, `[]`} {
		if _, err := ask[any](t, p, "dataset", request); err == nil {
			t.Errorf("%s was answered", request)
		}
	}
	mustCall(t, p, "%model resnet50 --weights random --cut conv1 --head none", "%train --epochs 1")
	page, err = ask[panelPage](t, p, "dataset", `{"limit": 1}`)
	if err != nil || len(page.Items) != 1 || page.Items[0].Predicted == "" {
		t.Errorf("with a trained model: %+v, %v", page.Items, err)
	}
}
