package transfer

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// openTiny opens the tiny backbone for a saved model.
func openTiny(t *testing.T, want string) LoadOptions {
	return LoadOptions{Open: func(_ context.Context, id Identity) (Backbone, error) {
		if filepath.Base(id.Weights.Path) != want && want != "" {
			t.Errorf("the backbone is opened from %q", id.Weights.Path)
		}
		b := newTiny(nil)
		b.cut, b.pool = string(id.Architecture.Cut), string(id.Architecture.Pool)
		return b, nil
	}}
}

func TestSavedModelPredictsTheSame(t *testing.T) {
	device := pureGo(t)
	for _, unfreeze := range []string{"", "high"} {
		c := tinyConfig(t, device)
		c.Unfreeze, c.Head = unfreeze, "dense:8:relu,batchnorm"
		m := fit(t, c)
		dir := filepath.Join(t.TempDir(), "saved")
		if err := m.Save(dir, SaveOptions{Figures: map[string][]byte{"curves.png": []byte("png")}}); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(context.Background(), device, dir, openTiny(t, backboneFile))
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		want, err := m.Probabilities(context.Background(), c.Dataset, allItems(c.Dataset))
		if err != nil {
			t.Fatal(err)
		}
		got, err := loaded.Probabilities(context.Background(), c.Dataset, allItems(c.Dataset))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unfrozen from %q: %s", unfreeze, diff)
		}
		if diff := cmp.Diff(m.Provenance, loaded.Provenance); diff != "" {
			t.Error(diff)
		}
		if err := m.Save(dir, SaveOptions{}); err == nil {
			t.Error("a model was saved over another")
		}
		card, err := os.ReadFile(filepath.Join(dir, cardFile))
		if err != nil || !strings.Contains(string(card), "curves.png") || !strings.Contains(string(card), "3. red") {
			t.Errorf("the card is %s, %v", card, err)
		}
	}
}

func TestHeadAloneNeedsItsBackbone(t *testing.T) {
	device := pureGo(t)
	m := fit(t, tinyConfig(t, device))
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{HeadOnly: true}); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(context.Background(), device, dir, openTiny(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	loaded.Close()
	options := LoadOptions{Open: func(context.Context, Identity) (Backbone, error) {
		b := newTiny(device)
		b.digest = strings.Repeat("cd", 32)
		return b, nil
	}}
	if _, err := Load(context.Background(), device, dir, options); err == nil || !strings.Contains(err.Error(), "other weights") {
		t.Errorf("with another backbone: %v", err)
	}
	if _, err := Load(context.Background(), device, dir, LoadOptions{}); err == nil {
		t.Error("an architecture that does not exist was opened")
	}
}

// Whatever a stranger writes into the folder: one error, no panic.
func TestHostileFolders(t *testing.T) {
	device := pureGo(t)
	m := fit(t, tinyConfig(t, device))
	good := filepath.Join(t.TempDir(), "good")
	if err := m.Save(good, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(good, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(map[string]any)) func(string) {
		return func(dir string) {
			var list map[string]any
			if err := json.Unmarshal(raw, &list); err != nil {
				t.Fatal(err)
			}
			change(list)
			text, err := json.Marshal(list)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, modelFile), text)
		}
	}
	for name, spoil := range map[string]func(dir string){
		"no manifest":      func(dir string) { os.Remove(filepath.Join(dir, modelFile)) },
		"manifest cut":     func(dir string) { write(t, filepath.Join(dir, modelFile), raw[:len(raw)/2]) },
		"no head":          func(dir string) { os.Remove(filepath.Join(dir, headFile)) },
		"head changed":     func(dir string) { write(t, filepath.Join(dir, headFile), []byte("changed")) },
		"another format":   edit(func(l map[string]any) { l["format"] = 99 }),
		"unknown field":    edit(func(l map[string]any) { l["run_this"] = "rm" }),
		"no classes":       edit(func(l map[string]any) { l["classes"] = []string{} }),
		"class twice":      edit(func(l map[string]any) { l["classes"] = []string{"a", "a", "b"} }),
		"fewer classes":    edit(func(l map[string]any) { l["classes"] = []string{"a", "b"} }),
		"huge head":        edit(func(l map[string]any) { l["head"] = "dense:65536,dense:65536,dense:65536" }),
		"another head":     edit(func(l map[string]any) { l["head"] = "dense:9:relu" }),
		"another layer":    edit(func(l map[string]any) { l["head"] = "dense:8:relu,batchnorm" }),
		"head that is not": edit(func(l map[string]any) { l["head"] = "exec:sh" }),
		"task":             edit(func(l map[string]any) { l["task"] = "x" }),
		"file outside":     edit(func(l map[string]any) { l["sha256"].(map[string]any)["../../x"] = "0" }),
		"no hashes":        edit(func(l map[string]any) { l["sha256"] = nil }),
		"stage":            edit(func(l map[string]any) { l["unfrozen"] = "conv9" }),
		"huge images":      edit(func(l map[string]any) { l["backbone"].(map[string]any)["geometry"] = map[string]any{"Size": 1 << 30} }),
		"head is a folder": func(dir string) {
			os.Remove(filepath.Join(dir, headFile))
			os.Mkdir(filepath.Join(dir, headFile), 0o755)
		},
	} {
		dir := filepath.Join(t.TempDir(), "bad")
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		spoil(dir)
		if m, err := Load(context.Background(), device, dir, openTiny(t, "")); err == nil {
			t.Errorf("%s: it was loaded", name)
			m.Close()
		}
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestVerify(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	m := fit(t, c)
	v, err := Verify(context.Background(), device, m.Claim(), "", nil)
	if err != nil || v.Verdict != Identical {
		t.Errorf("the same again: %+v, %v", v, err)
	}
	m.History = append(History{}, m.History...)
	m.History[2].Loss += 0.001
	if v, err = Verify(context.Background(), device, m.Claim(), "", nil); err != nil || v.Verdict != Within {
		t.Errorf("a loss that differs by rounding: %+v, %v", v, err)
	}
	m.History[2].ValAccuracy -= 0.5
	if v, err = Verify(context.Background(), device, m.Claim(), "", nil); err != nil || v.Verdict != Different || len(v.Differences) != 1 {
		t.Errorf("an accuracy that was made up: %+v, %v", v, err)
	}
	write(t, filepath.Join(c.Dataset.Root, "red", "002.png"), []byte("changed"))
	v, err = Verify(context.Background(), device, m.Claim(), "", nil)
	if err != nil || v.Verdict != Different || !strings.Contains(strings.Join(v.Differences, " "), "red/002.png has changed") {
		t.Errorf("a changed image: %+v, %v", v, err)
	}
	m.Provenance.Files[0].Path = "../../etc/passwd"
	if _, err = Verify(context.Background(), device, m.Claim(), "", nil); err == nil {
		t.Error("a file outside of the dataset was read")
	}
}

func TestExplainLooksAtTheClass(t *testing.T) {
	device := pureGo(t)
	for _, unfreeze := range []string{"", "high", "low"} {
		c := tinyConfig(t, device)
		c.Unfreeze, c.Epochs = unfreeze, 8
		m := fit(t, c)
		file := filepath.Join(c.Dataset.Root, "red", "001.png")
		heat, err := m.Explain(context.Background(), file, "")
		if err != nil {
			t.Fatalf("unfrozen from %q: %v", unfreeze, err)
		}
		p, err := m.Predict(context.Background(), []string{file}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if heat.Class != p[0].Top[0].Class || heat.Height != tinySize/4 || heat.Width != tinySize/4 || len(heat.Values) != 16 {
			t.Errorf("unfrozen from %q: %+v", unfreeze, heat)
		}
		for _, v := range heat.Values {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("a value of %g", v)
			}
		}
		pixels := openImage(file, m.Backbone.Identity().Geometry).pixels
		again, err := m.ExplainPixels(context.Background(), pixels, heat.Class)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(heat, again, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("unfrozen from %q, the file and its pixels are explained in two ways:\n%s", unfreeze, diff)
		}
		if _, err := m.ExplainPixels(context.Background(), pixels[1:], ""); err == nil {
			t.Error("too few pixels were explained")
		}
		if _, err := m.Explain(context.Background(), file, "owl"); err == nil {
			t.Error("an unknown class was explained")
		}
	}
}

func TestTune(t *testing.T) {
	device := pureGo(t)
	for _, halving := range []bool{false, true} {
		c := tinyConfig(t, device)
		c.Epochs = 9
		told := 0
		config := TuneConfig{Base: c, Trials: 9, Workers: 2, Heads: []string{"none", "dense:8:relu"}, Halving: halving}
		result, err := Tune(context.Background(), device, config, nil, func(Trial) { told++ })
		if err != nil {
			t.Fatal(err)
		}
		defer result.Model.Close()
		if len(result.Trials) != 9 || !result.Trials[0].Best || told < 9 {
			t.Errorf("%d trials, %d told, the first is %+v", len(result.Trials), told, result.Trials[0])
		}
		// The model is the best trial trained again: the same numbers.
		best := result.Model.History.Best()
		if diff := best.ValLoss - result.Trials[0].ValLoss; diff > 1e-5 || diff < -1e-5 {
			t.Errorf("the best trial had a loss of %g, its model has %g", result.Trials[0].ValLoss, best.ValLoss)
		}
	}
}

func TestTuneEndsWithWhatWasFound(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	result, err := Tune(ctx, device, TuneConfig{Base: c, Trials: 500}, nil, func(trial Trial) {
		if trial.Number > 3 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Model.Close(); err != nil {
		t.Error(err)
	}
}

func TestFindRate(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	curve, err := FindRate(context.Background(), device, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(curve.Rates) < 20 || len(curve.Rates) != len(curve.Losses) || curve.Suggested < 1e-4 || curve.Suggested > 1 {
		t.Errorf("%d rates, suggested %g", len(curve.Rates), curve.Suggested)
	}
}

// A prediction says whether the backbone ran for it.
func TestPredictTellsWhatTheCacheHad(t *testing.T) {
	device := pureGo(t)
	c := tinyConfig(t, device)
	c.Home = t.TempDir()
	m := fit(t, c)
	others := t.TempDir() // of another colour, so that none of them is an image of the dataset
	writeImages(t, others, 1, "yellow")
	strangers, err := filepath.Glob(filepath.Join(others, "*", "*.png"))
	if err != nil || len(strangers) != 1 {
		t.Fatal(strangers, err)
	}
	files := []string{filepath.Join(c.Dataset.Root, "red", "001.png"), strangers[0]}
	for _, want := range [][]bool{{true, false}, {true, true}} {
		predictions, err := m.Predict(t.Context(), files, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := []bool{predictions[0].Cached, predictions[1].Cached}; !slices.Equal(got, want) {
			t.Errorf("from the cache: %v, want %v", got, want)
		}
	}
}
