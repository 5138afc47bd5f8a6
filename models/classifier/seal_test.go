package classifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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

// savedDescription saves a model, and reads its description.
func savedDescription(t *testing.T, m *Model) (dir string, raw []byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	return dir, raw
}

// What a saved model says of itself is covered by its digest, down to the order of its classes.
func TestAnEditedDescriptionIsRefused(t *testing.T) {
	device := modeltest.PureGo(t)
	m := fit(t, device, smallJob(t))
	dir, raw := savedDescription(t, m)
	file := filepath.Join(dir, modelFile)
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

// rewritten is a description after change, with the digest that a program which writes such a description gives it.
func rewritten(t *testing.T, raw []byte, change func(string) string) []byte {
	t.Helper()
	digest := regexp.MustCompile(`\s*"digest": "[0-9a-f]{64}",`)
	text := change(string(raw))
	if text == string(raw) || !digest.MatchString(text) {
		t.Fatalf("nothing was changed, or there is no digest in %.200s", text)
	}
	var plain bytes.Buffer
	if err := json.Compact(&plain, []byte(digest.ReplaceAllString(text, ""))); err != nil {
		t.Fatal(err)
	}
	return []byte(digest.ReplaceAllString(text, fmt.Sprintf(`"digest": "%x",`, sha256.Sum256(plain.Bytes()))))
}

// The digest is of the description as it was written: an earlier version knew fewer hyper-parameters, and a name that is not UTF-8 is
// read as another one.
func TestADescriptionThatIsWrittenOtherwiseNowIsNoEdit(t *testing.T) {
	device := modeltest.PureGo(t)
	m := fit(t, device, smallJob(t))
	m.Provenance.Files[0].Path = "caf\xe9.png"
	dir, raw := savedDescription(t, m)
	file := filepath.Join(dir, modelFile)
	earlier := rewritten(t, raw, func(text string) string {
		return regexp.MustCompile(`\s*"(method|select_by)": "\w+",`).ReplaceAllString(text, "")
	})
	for name, text := range map[string][]byte{"a name that is not UTF-8": raw, "an earlier version": earlier} {
		write(t, file, text)
		loaded, err := Load(t.Context(), device, dir, LoadOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = loaded.Close()
	}
	write(t, file, bytes.Replace(earlier, []byte(`"seed": 7`), []byte(`"seed": 8`), 1))
	if _, err := Load(t.Context(), device, dir, LoadOptions{}); !errors.Is(err, ErrEdited) {
		t.Errorf("one of an earlier version that was edited: %v", err)
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
