package panel_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/panel"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

func TestDatasetPanel(t *testing.T) {
	p := transfertest.New(t)
	if _, err := transfertest.Ask[any](t, p, "dataset", `{}`); err == nil || !strings.Contains(err.Error(), "%dataset load DIR") {
		t.Errorf("without a dataset: %v", err)
	}
	p.Must(t, "%dataset load photos --size 32 --json")
	page, err := transfertest.Ask[panel.Page](t, p, "dataset", `{"class": "red", "limit": 5, "offset": 2}`)
	if err != nil || page.Total != 12 || len(page.Items) != 5 || page.Images != 24 || len(page.Names) != 1 {
		t.Fatalf("a page is %+v, %v", page, err)
	}
	for _, item := range page.Items {
		if item.Label != "red" || len(item.Thumb) == 0 || item.Predicted != "" {
			t.Errorf("an item is %+v", item)
		}
	}
	page, err = transfertest.Ask[panel.Page](t, p, "dataset", `{"action": "delete", "paths": ["red/0.png"], "offset": 1000000}`)
	if err != nil || page.Images != 23 || page.Edits != 1 || len(page.Items) != 0 {
		t.Errorf("after an edit: %+v, %v", page, err)
	}
	page, err = transfertest.Ask[panel.Page](t, p, "dataset", `{"action": "undo"}`)
	if err != nil || page.Images != 24 {
		t.Errorf("after it was undone: %+v, %v", page, err)
	}
	for _, request := range []string{`{"action": "explode"}`, `{"dataset": "other"}`, `{"action": "keep", "paths": ["../x.png"]}`, `[]`} {
		if _, err := transfertest.Ask[any](t, p, "dataset", request); err == nil {
			t.Errorf("%s was answered", request)
		}
	}
	p.Must(t, "%model resnet50 --weights random --cut conv1 --head none", "%train --epochs 1")
	page, err = transfertest.Ask[panel.Page](t, p, "dataset", `{"limit": 1}`)
	if err != nil || len(page.Items) != 1 || page.Items[0].Predicted == "" {
		t.Errorf("with a trained model: %+v, %v", page.Items, err)
	}
}
