package backbone

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// view is a tensor of a checkpoint: float32 numbers in the order in which they are stored, and how they are seen.
type view struct {
	values         []float32
	shape, strides []int
}

// torchStem are the tensors of a stem by torchvision's names. The kernel's are stored as Keras has them, and seen as PyTorch has them.
func torchStem(tensors map[string]weights.Float32) map[string]view {
	plain := func(name string) view {
		values := tensors[name].Values
		return view{values, []int{len(values)}, []int{1}}
	}
	return map[string]view{
		"conv1.weight": {tensors["conv1_conv/kernel"].Values, []int{64, 3, 7, 7}, []int{1, 64, 7 * 3 * 64, 3 * 64}},
		"bn1.weight":   plain("conv1_bn/gamma"), "bn1.bias": plain("conv1_bn/beta"),
		"bn1.running_mean": plain("conv1_bn/moving_mean"), "bn1.running_var": plain("conv1_bn/moving_variance"),
	}
}

// torchCheckpoint is what torch.save writes of {"epoch": 3, "state_dict": {...}, "best": {"w": ...}}, with DataParallel's prefix before
// every name.
func torchCheckpoint(t *testing.T, tensors map[string]view) []byte {
	t.Helper()
	text := func(s string) string {
		return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
	}
	tuple := func(list []int) string {
		s := "("
		for _, n := range list {
			s += "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(n)))
		}
		return s + "t"
	}
	var out bytes.Buffer
	w, pickle, key := zip.NewWriter(&out), "\x80\x02}("+text("epoch")+"K\x03"+text("state_dict")+"ccollections\nOrderedDict\n)R(", 0
	write := func(name string, content []byte) {
		to, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = to.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range tensors {
		pickle += text("module."+name) + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text(fmt.Sprint(key)) +
			text("cpu") + "J" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(v.values)))) + "tQK\x00" + tuple(v.shape) + tuple(v.strides) + "\x89)tR"
		var content bytes.Buffer
		if err := weights.WriteNumbers(&content, v.values); err != nil {
			t.Fatal(err)
		}
		write(fmt.Sprintf("model/data/%d", key), content.Bytes())
		key++
	}
	first := "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x01tQK\x00))\x89)tR"
	write("model/data.pkl", []byte(pickle+"u"+text("best")+"}"+text("w")+first+"su."))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A checkpoint of PyTorch and a safetensors file of the same weights are the same backbone, and the file's hash is its own.
func TestCheckpointOfPyTorch(t *testing.T) {
	tensors := random(t, resnet.Options{Cut: "conv1"}).Tensors()
	file := torchCheckpoint(t, torchStem(tensors))
	folder := t.TempDir()
	path := filepath.Join(folder, "stem.pth")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Open(t.Context(), filled(resnet.Options{Weights: resnet.ChooseWeights(path, 0), Cut: "conv1"}))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	w := b.Weights()
	if w.Kind != resnet.KindFile || w.SHA256 != hex.EncodeToString(sum[:]) || w.Variant != resnet.V15 || w.Preprocess != resnet.PreprocessTorch {
		t.Errorf("the weights are %+v", w)
	}
	if got := strings.Join(b.Notes(), "; "); !strings.Contains(got, "the checkpoint has the dictionaries state_dict, best: state_dict is loaded") {
		t.Errorf("the notes are %q", got)
	}
	if _, err := Open(t.Context(), filled(resnet.Options{Weights: w.Saved(path, w.SHA256), Cut: "conv1"})); !errors.Is(err, weights.ErrNotSafetensors) {
		t.Errorf("as the file of a saved model: %v", err)
	}
	delete(tensors, "conv1_conv/bias") // torchvision's has none
	if diff := cmp.Diff(tensors, b.Tensors()); diff != "" {
		t.Error("the numbers differ:", diff[:min(len(diff), 1000)])
	}
	w.SHA256 = strings.Repeat("0", 64)
	if _, err := Open(t.Context(), filled(resnet.Options{Weights: w, Cut: "conv1"})); !errors.As(err, new(*resnet.DigestError)) {
		t.Errorf("other weights than those asked for: %v", err)
	}
	hostile := filepath.Join(folder, "hostile.pth")
	if err := os.WriteFile(hostile, []byte("\x80\x02cos\nsystem\nU\x0btouch pwned\x85R."), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	_, err = Open(t.Context(), filled(resnet.Options{Weights: resnet.ChooseWeights(hostile, 0)}))
	if err == nil || !strings.Contains(err.Error(), `it names "os.system"`) || !strings.Contains(err.Error(), "convert it with: python") {
		t.Errorf("a checkpoint that runs a command: %v", err)
	}
	if _, err := os.Stat("pwned"); err == nil {
		t.Error("it was run")
	}
}

// A set may lie at an address of its own, as a checkpoint. What cannot be fetched is told with the place to put it by hand.
func TestSetAtAnAddress(t *testing.T) {
	file := torchCheckpoint(t, torchStem(random(t, resnet.Options{Cut: "conv1"}).Tensors()))
	sum := sha256.Sum256(file)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	}))
	defer server.Close()
	set := resnet.Set{
		Name:  "stand-in",
		File:  weights.WebFile{Address: server.URL + "/models/stem.pth", Size: int64(len(file)), SHA256: hex.EncodeToString(sum[:])},
		Depth: 50, Variant: resnet.V15, Preprocess: resnet.PreprocessTorch, Deepest: resnet.Conv1, Newer: true,
	}
	cache := t.TempDir()
	o := filled(resnet.Options{Weights: resnet.PublishedWeights(resnet.SetImageNetV2), Cut: "conv1", CacheDir: cache, Offline: true})
	_, err := openSet(t.Context(), set, o)
	failed, ok := errors.AsType[*resnet.FetchError](err)
	if want := filepath.Join(cache, "stem.pth"); !ok || failed.Path != want || !strings.Contains(err.Error(), "put the file at "+want+" (SHA-256 "+set.File.Digest()) {
		t.Errorf("offline: %v", err)
	}
	if got := set.Presence(context.Background(), o); got != weights.PresenceNone {
		t.Errorf("offline it is %s", got)
	}
	o.Offline = false
	if got := set.Presence(context.Background(), o); got != weights.PresenceHub {
		t.Errorf("before it is fetched it is %s", got)
	}
	b, err := openSet(t.Context(), set, o)
	if err != nil {
		t.Fatal(err)
	}
	if w := b.Weights(); w.Kind != resnet.KindPublished || w.SHA256 != set.File.Digest() || w.String() == "" {
		t.Errorf("the weights are %+v", w)
	}
	if !strings.Contains(strings.Join(b.Notes(), "; "), "frozen features transfer worse") {
		t.Errorf("the notes do not warn: %q", b.Notes())
	}
	server.Close()
	o.Offline = true
	if _, err := openSet(t.Context(), set, o); err != nil {
		t.Errorf("offline, once cached: %v", err)
	}
	if got := set.Presence(context.Background(), o); got != weights.PresenceCached {
		t.Errorf("once it is fetched it is %s", got)
	}
	// Weights without a classifier are not fetched for one.
	set.NoTop, o.Top, o.Cut = true, true, "conv5"
	set.File = weights.WebFile{Address: server.URL + "/other.pth", Size: 1, SHA256: strings.Repeat("0", 64)}
	if _, err := openSet(t.Context(), set, o); !errors.As(err, new(*resnet.NoTopError)) {
		t.Errorf("the top of weights that have none: %v", err)
	}
}

// The classifier of weights that were trained without labels is refused before they are fetched.
func TestDINOHasNoTop(t *testing.T) {
	o := filled(resnet.Options{Weights: resnet.ChooseWeights("dino", 0), Top: true, Offline: true, CacheDir: t.TempDir()})
	if _, err := Open(t.Context(), o); !errors.As(err, new(*resnet.NoTopError)) || !strings.Contains(err.Error(), "the weights dino have no classifier of ImageNet's 1000 classes") {
		t.Error(err)
	}
}
