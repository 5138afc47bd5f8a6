package backbone

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// serveHub serves the file with the weights of a repository at a revision, and returns its SHA-256.
func serveHub(t *testing.T, repository, revision string, file []byte) string {
	t.Helper()
	sum := sha256.Sum256(file)
	digest := hex.EncodeToString(sum[:])
	mux := http.NewServeMux()
	mux.HandleFunc("/api/models/"+repository+"/revision/"+revision, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"id":%q,"sha":%q,"siblings":[{"rfilename":"model.safetensors"}]}`, repository, revision)
	})
	mux.HandleFunc("/"+repository+"/resolve/"+revision+"/model.safetensors", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Linked-Etag", `"`+digest+`"`)
		w.Header().Set("X-Linked-Size", fmt.Sprint(len(file)))
		http.Redirect(w, r, "/storage", http.StatusFound)
	})
	mux.HandleFunc("/storage", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("HF_HUB_OFFLINE", "")
	return digest
}

func TestWeightsOfTheHub(t *testing.T) {
	tensors := random(t, resnet.Options{Cut: "conv1"}).Tensors()
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, nil); err != nil {
		t.Fatal(err)
	}
	const repository = "someone/resnet50.tv2_in1k"
	revision := strings.Repeat("0f", 20)
	digest := serveHub(t, repository, revision, file.Bytes())
	options := filled(resnet.Options{Weights: resnet.ChooseWeights("hf:"+repository+"@"+revision, 0), Cut: "conv1", CacheDir: t.TempDir()})
	b, err := Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	w := b.Weights()
	if w.Kind != resnet.KindHub || w.SHA256 != digest || !w.Trained || w.Variant != resnet.V1 || w.String() != "hf:"+repository+"@"+revision {
		t.Errorf("the weights are %+v", w)
	}
	if !strings.Contains(strings.Join(b.Notes(), "; "), "frozen features transfer worse") {
		t.Errorf("the notes do not warn: %q", b.Notes())
	}
	// What Weights says is enough to open them again, from the cache.
	options.Weights, options.Offline = w, true
	if _, err := Open(t.Context(), options); err != nil {
		t.Errorf("offline, once cached: %v", err)
	}
	options.Weights.SHA256 = strings.Repeat("0", 64)
	if _, err := Open(t.Context(), options); !errors.As(err, new(*resnet.DigestError)) {
		t.Errorf("other weights than those asked for: %v", err)
	}
	options.Weights, options.Depth, options.Cut = w, 101, "conv5"
	if _, err := Open(t.Context(), options); !errors.As(err, new(*MismatchError)) {
		t.Errorf("weights of another network: %v", err)
	}
	for text, want := range map[string]string{
		"hf:" + repository: "OWNER/NAME@REVISION", "hf:" + repository + "@main": "40 hexadecimal digits", "hf:": "OWNER/NAME@REVISION",
		"hf:someone/other@" + revision: "put the file at",
	} {
		options := filled(resnet.Options{Weights: resnet.ChooseWeights(text, 0), Offline: true, CacheDir: t.TempDir()})
		if _, err := Open(t.Context(), options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func TestNewerRecipes(t *testing.T) {
	for repository, want := range map[string]bool{
		"timm/resnet50.tv2_in1k": true, "timm/resnet50.a1_in1k": true, "timm/resnet50.tv_in1k": false, "someone/tv2_in1k": false,
	} {
		if got := newerRecipe(repository); got != want {
			t.Errorf("%s: %t", repository, got)
		}
	}
}

// Every published set says where it is from, and the ones of newer recipes say that they are.
func TestPublishedSets(t *testing.T) {
	newer := []string{resnet.SetImageNetA1, resnet.SetImageNetV2}
	for _, set := range resnet.Sets() {
		hub, isHub := set.File.(weights.HubFile)
		web, isWeb := set.File.(weights.WebFile)
		switch {
		case len(set.File.Digest()) != 64 || set.File.Bytes() < 1 || set.License == "" || set.Summary == "":
			t.Errorf("%s is %+v", set.Name, set)
		case isHub && set.Embedded == nil && (len(hub.Revision) != 40 || newerRecipe(hub.Repository) != set.Newer):
			t.Errorf("%s is %+v", set.Name, set)
		case isWeb && (!strings.HasPrefix(web.Address, "https://") || !strings.HasSuffix(web.Address, ".pth")):
			t.Errorf("%s is at %s", set.Name, web.Address)
		case !isHub && !isWeb:
			t.Errorf("%s is a %T", set.Name, set.File)
		}
		if set.Newer != slices.Contains(newer, set.Name) {
			t.Errorf("%s is of a newer recipe: %t", set.Name, set.Newer)
		}
		if got := resnet.ChooseWeights(set.Name, 0); got.Kind != resnet.KindPublished || got.Name != set.Name {
			t.Errorf("%s is read as %+v", set.Name, got)
		}
	}
}

// A set of a newer recipe warns like a repository of the hub does. The file is replaced by one that can be had here.
func TestASetOfANewerRecipeWarns(t *testing.T) {
	tensors := random(t, resnet.Options{Cut: "conv1"}).Tensors()
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		set := resnet.Set{
			Name: "stand-in", File: weights.HubFile{}, Newer: want, Embedded: func() *strings.Reader { return strings.NewReader(file.String()) },
			Depth: 50, Variant: resnet.V1, Preprocess: resnet.PreprocessCaffe, Deepest: resnet.Conv1,
		}
		b, err := openSet(t.Context(), set, filled(resnet.Options{Weights: resnet.PublishedWeights(resnet.SetImageNet), Cut: "conv1"}))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(b.Notes(), "; "), "frozen features transfer worse"); got != want {
			t.Errorf("newer %t: the notes are %q", want, b.Notes())
		}
	}
}
