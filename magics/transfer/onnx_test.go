package transfer_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/prediction"
)

// A network of an ONNX file is a backbone like any other: it is trained on, its features come from the cache, and the saved model
// knows the file by its hash and asks for it.
func TestANetworkOfAnONNXFileAsBackbone(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32", "%model resnet18 --weights random --cut conv1", "%train --epochs 1", "%export onnx --out small.onnx")
	built := p.Must(t, "%model --backbone small.onnx --json").Output()
	for _, want := range []string{`"name":"small"`, `"backbone":"ONNX network"`, `"weights":"small.onnx"`, `"preprocess":"none"`, `"feature_shape":[256]`} {
		if !strings.Contains(built, want) {
			t.Errorf("the model is %s, want %s in it", built, want)
		}
	}
	if text := transfertest.Transcript(p.Must(t, "%model --backbone small.onnx"), nil); !strings.Contains(text, "frozen ONNX network") {
		t.Errorf("its layers are\n%s", text)
	}
	if got := p.Must(t, "%train --run first").Output(); !strings.Contains(got, "features: 24 computed, 0 from cache") {
		t.Errorf("the training says %q", got)
	}
	if got := p.Must(t, "%train --epochs 1").Output(); !strings.Contains(got, "features: 0 computed, 24 from cache") {
		t.Errorf("the second training says %q", got)
	}
	for line, want := range map[string]string{
		"%evaluate --run first": "accuracy", "%runs": "", "%verify first": "first: identical", "%evaluate --stages --run first --json": "output", "%save model --run first": "saved",
		"%teach red photos/red": "12 images added",
	} {
		if got := p.Must(t, line).Output(); !strings.Contains(got, want) {
			t.Errorf("%s says %q, want %q in it", line, got, want)
		}
	}
	for line, want := range map[string]string{
		"%explain photos/red/0.png --run first":              "a network of an ONNX file is frozen",
		"%export onnx --run first --out again.onnx":          "a network of an ONNX file is frozen",
		"%train --model small --unfreeze conv5":              "a network of an ONNX file is frozen",
		"%model --backbone small.onnx --cut nowhere":         `there is no output "nowhere"; the last ones are`,
		"%model --backbone photos/red/0.png":                 "it is not an ONNX file",
		"%model --backbone missing.onnx":                     "no such file",
		"%model resnet50 --backbone small.onnx":              "name one, such as resnet50, or an ONNX file",
		"%model":                                             "the architecture is missing",
		"%model resnet50 --cut conv6":                        "cut must be one of",
		"%model resnet50 --weights random --preprocess none": "preprocess must be one of",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
	want := answerOf(t, p.Must(t, "%predict photos/red/0.png --run first --json"))

	// A new process with the folder, and the file somewhere else.
	if err := os.Rename("small.onnx", "moved.onnx"); err != nil {
		t.Fatal(err)
	}
	restarted := transfertest.Open(t, p.Home)
	if err := restarted.Call(t.Context(), &magictest.Host{}, "%load model"); err == nil || !strings.Contains(err.Error(), "give the file with the weights small.onnx (SHA-256") || !strings.Contains(err.Error(), "--weights FILE") {
		t.Errorf("without the file: %v", err)
	}
	restarted.Must(t, "%load model --weights moved.onnx")
	if got := answerOf(t, restarted.Must(t, "%predict photos/red/0.png --json")); got != want {
		t.Errorf("loaded, it predicts %v, and predicted %v", got, want)
	}
	if err := os.WriteFile("other.onnx", []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := restarted.Call(t.Context(), &magictest.Host{}, "%load model --weights other.onnx"); err == nil || !strings.Contains(err.Error(), "the weights have the SHA-256") {
		t.Errorf("with another file: %v", err)
	}
}

func answerOf(t *testing.T, host *magictest.Host) prediction.Score {
	t.Helper()
	var list []prediction.Prediction
	if err := json.Unmarshal([]byte(host.Output()), &list); err != nil || len(list) != 1 || len(list[0].Top) == 0 {
		t.Fatalf("the prediction is %q: %v", host.Output(), err)
	}
	return list[0].Top[0]
}
