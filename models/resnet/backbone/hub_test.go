package backbone

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
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

// Weights that people know by a name, and whose publisher gives a pickle, are refused with where to get them. The name is that of a
// file where there is one.
func TestPickledSets(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, want := range map[string][]string{
		"imagenet-v2": {
			"resnet50-11ad3fa6.pth (SHA-256 11ad3fa6", "give hf:timm/resnet50.tv2_in1k@f2a8587ea6b4a3a1d84450bcc2561b07952daae2, the same weights",
			"the line that converts it",
		},
		"dino": {"dino_resnet50_pretrain.pth, a pickle", "; convert that file"},
	} {
		_, err := Open(t.Context(), filled(resnet.Options{Weights: resnet.ChooseWeights(name, 0)}))
		pickled, ok := errors.AsType[*resnet.PickledError](err)
		if !ok || pickled.Set.Name != name {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range want {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %q", name, err, text)
			}
		}
		if same := pickled.Set.Same; same.Kind != "" { // what is proposed can be asked for
			if file, err := weights.ParseHub(same.Name, hubFileName); err != nil || !newerRecipe(file.Repository) {
				t.Errorf("%s proposes %s: %v", name, same, err)
			}
		}
		if err := os.WriteFile(name, []byte("a file of that name"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), filled(resnet.Options{Weights: resnet.ChooseWeights(name, 0)})); errors.As(err, new(*resnet.PickledError)) || err == nil {
			t.Errorf("%s is a file: %v", name, err)
		}
	}
}

// Every published set says where it is from, and the ones of newer recipes say that they are.
func TestPublishedSets(t *testing.T) {
	for _, set := range resnet.Sets() {
		if set.Embedded == nil && (len(set.File.SHA256) != 64 || len(set.File.Revision) != 40 || set.File.Size < 1 || set.License == "") {
			t.Errorf("%s is %+v", set.Name, set)
		}
		if got, want := newerRecipe(set.File.Repository), set.Name == resnet.SetImageNetA1; got != want {
			t.Errorf("%s is of a newer recipe: %t, want %t", set.Name, got, want)
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
	for repository, want := range map[string]bool{"timm/resnet50.a1_in1k": true, "timm/resnet50.tv_in1k": false} {
		set := resnet.Set{
			Name: "stand-in", File: weights.HubFile{Repository: repository}, Embedded: func() *strings.Reader { return strings.NewReader(file.String()) },
			Depth: 50, Variant: resnet.V1, Preprocess: resnet.PreprocessCaffe, Deepest: resnet.Conv1,
		}
		b, err := openSet(t.Context(), set, filled(resnet.Options{Weights: resnet.PublishedWeights(resnet.SetImageNet), Cut: "conv1"}))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(b.Notes(), "; "), "frozen features transfer worse"); got != want {
			t.Errorf("%s: the notes are %q", repository, b.Notes())
		}
	}
}
