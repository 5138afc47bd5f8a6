package classifier

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
)

// sealed is a manifest with the digest that it should have, as an attacker would write it; unchanged where it cannot be read.
func sealed(t *testing.T, fields map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	var list manifest
	if json.Unmarshal(text, &list) != nil {
		return text
	}
	if fields["digest"], err = list.seal(); err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	return text
}

// What a saved model says of itself is covered by its digest, down to the order of its classes.
func TestAnEditedDescriptionIsRefused(t *testing.T) {
	device := modeltest.PureGo(t)
	m := fit(t, device, smallJob(t))
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, modelFile)
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	architecture := func(l map[string]any) map[string]any {
		return l["backbone"].(map[string]any)["architecture"].(map[string]any)
	}
	for name, test := range map[string]struct {
		change func(map[string]any)
		want   error
	}{
		"as it was":   {func(map[string]any) {}, nil},
		"task":        {func(l map[string]any) { l["task"] = "multi" }, ErrEdited},
		"label order": {func(l map[string]any) { slices.Reverse(l["classes"].([]any)) }, ErrEdited},
		"preprocess":  {func(l map[string]any) { set(t, architecture(l), "torch", "preprocess", "Preprocess") }, ErrEdited},
		"variant":     {func(l map[string]any) { set(t, architecture(l), "v1.5", "variant", "Variant") }, ErrEdited},
		"accuracy":    {func(l map[string]any) { l["history"].([]any)[0].(map[string]any)["val_accuracy"] = 0.123 }, ErrEdited},
		"no digest":   {func(l map[string]any) { delete(l, "digest") }, ErrEdited},
		"as saved before there was a digest": {func(l map[string]any) {
			delete(l, "digest")
			l["format"] = formatPlain
		}, nil},
	} {
		var list map[string]any
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		test.change(list)
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
		loaded, err := Load(t.Context(), device, dir, LoadOptions{})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if err == nil {
			loaded.Close()
		}
	}
}

// set changes the field that has one of the names.
func set(t *testing.T, fields map[string]any, value string, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, ok := fields[name]; ok {
			fields[name] = value
			return
		}
	}
	t.Fatalf("there is no field %q", names)
}
