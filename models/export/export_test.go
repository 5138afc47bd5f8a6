package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// untrained is a network with random weights, a head and classes whose names need escapes.
func untrained(t *testing.T, variant resnet.Variant, cut resnet.Cut, pool resnet.Pool) Network {
	t.Helper()
	return untrainedOf(t, 50, variant, cut, pool)
}

// untrainedOf is untrained for a depth.
func untrainedOf(t *testing.T, depth int, variant resnet.Variant, cut resnet.Cut, pool resnet.Pool) Network {
	t.Helper()
	b, err := backbone.Open(context.Background(), resnet.Architecture{
		Depth: depth, Variant: variant, Cut: cut, Pool: pool, Preprocess: resnet.PreprocessCaffe, Size: 64,
	}.Options(resnet.RandomWeights(1)))
	if err != nil {
		t.Fatal(err)
	}
	spec, err := head.Parse("batchnorm,dense:8:gelu,dropout:0.5")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := spec.Plan(b.FeatureShape(), 3)
	if err != nil {
		t.Fatal(err)
	}
	n := Network{
		Name: "small", Version: "v1", Backbone: b, Head: plan, HeadWeights: map[string]weights.Float32{}, Output: Softmax,
		Classes: []string{`a"b`, "c\nd", "é"}, Geometry: imageio.Geometry{Size: 64, Method: imageio.Crop},
	}
	for _, w := range plan.Weights() {
		n.HeadWeights[w.Name] = weights.Float32{Shape: w.Shape, Values: w.Init(1)}
	}
	return n
}

// torchvisionShapes are the tensors of torchvision's ResNet of a depth by their names, as the golden files list them.
func torchvisionShapes(t *testing.T, depth int) map[string][]int {
	t.Helper()
	source, err := weights.Open(filepath.Join("..", "resnet", "backbone", "testdata", "golden", fmt.Sprintf("torchvision%d.safetensors", depth)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	var list [][2]json.RawMessage
	if err := json.Unmarshal([]byte(source.Metadata()["tensors"]), &list); err != nil {
		t.Fatal(err)
	}
	shapes := map[string][]int{}
	for _, one := range list {
		var name string
		var dims []int
		if err := errors.Join(json.Unmarshal(one[0], &name), json.Unmarshal(one[1], &dims)); err != nil {
			t.Fatal(err)
		}
		shapes[name] = dims
	}
	return shapes
}

// The state dict has each tensor of torchvision's ResNet and no other, so that it loads with strict=True. PyTorch adds
// the counters by itself to a state dict without them.
func TestStateDictHasTorchvisionsTensors(t *testing.T) {
	for _, test := range []struct {
		depth   int
		variant resnet.Variant
	}{{50, resnet.V1}, {50, resnet.V15}, {18, resnet.V15}} {
		want := torchvisionShapes(t, test.depth)
		maps.DeleteFunc(want, func(name string, _ []int) bool {
			return strings.HasSuffix(name, ".num_batches_tracked") || strings.HasPrefix(name, "fc.")
		})
		state, modules, err := untrainedOf(t, test.depth, test.variant, "conv5", resnet.PoolAvg).torch()
		if err != nil {
			t.Fatal(err)
		}
		for name, tensor := range state {
			if dims, ok := want[name]; !strings.HasPrefix(name, "fc.") && (!ok || !slices.Equal(dims, tensor.Shape)) {
				t.Errorf("%+v: %s is %v, torchvision has %v", test, name, tensor.Shape, dims)
			}
		}
		for name := range want {
			if _, ok := state[name]; !ok {
				t.Errorf("%+v: %s is missing", test, name)
			}
		}
		if len(modules) != 5 { // batch norm, dense, its activation, dropout, logits
			t.Errorf("the head is %q", modules)
		}
	}
}

func TestTorchCodeFollowsTheArchitecture(t *testing.T) {
	code := func(variant resnet.Variant, cut resnet.Cut) string {
		text, err := TorchCode(untrained(t, variant, cut, resnet.PoolAvg), "small.safetensors")
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	v1 := code(resnet.V1, "conv3")
	for _, part := range []string{
		`classes = ["a\"b","c\nd","é"]`, "strict=True", "m.eps = 1.001e-05", `net.get_submodule("layer2.0.conv1").stride = (2, 2)`,
		`net.get_submodule("layer2.0.conv2").stride = (1, 1)`, "net.layer3 = nn.Identity()", "net.layer4 = nn.Identity()",
		"RGB from 0 to 255 as float", "the shorter side to 73", "x.flip(1)", "softmax(1)",
	} {
		if !strings.Contains(v1, part) {
			t.Errorf("%q is missing in\n%s", part, v1)
		}
	}
	for _, part := range []string{"layer1 = nn", "layer2 = nn", "layer1.0.conv1"} {
		if strings.Contains(v1, part) {
			t.Errorf("%q stands in\n%s", part, v1)
		}
	}
	if v15 := code(resnet.V15, "conv5"); strings.Contains(v15, "stride") || strings.Contains(v15, "eps = ") || strings.Contains(v15, "Identity") {
		t.Errorf("torchvision's own variant is changed:\n%s", v15)
	}
}

func TestONNXNamesWhatAProgramNeeds(t *testing.T) {
	var out bytes.Buffer
	if err := ONNX(&out, untrained(t, resnet.V15, "conv2", resnet.PoolMax)); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`["a\"b","c\nd","é"]`, `{"size":64,"method":"crop"}`, "uint8 [batch, 64, 64, 3], RGB from 0 to 255", "inside the graph: caffe",
	} {
		if !bytes.Contains(out.Bytes(), []byte(part)) {
			t.Errorf("the file does not hold %s", part)
		}
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	n := untrained(t, resnet.V1, "conv2", resnet.PoolMax)
	if err := Torch(&bytes.Buffer{}, n); !errors.Is(err, ErrPool) {
		t.Errorf("max pooling in PyTorch: %v", err)
	}
	n = untrained(t, resnet.V1, "conv2", resnet.PoolAvg)
	delete(n.HeadWeights, "logits/kernel")
	if err := ONNX(&bytes.Buffer{}, n); !errors.Is(err, ErrHead) || !strings.Contains(err.Error(), "logits/kernel") {
		t.Errorf("without the last kernel: %v", err)
	}
	n = untrained(t, resnet.V1, "conv2", resnet.PoolAvg)
	n.Stages = map[string]weights.Float32{"conv9_conv/kernel": {}}
	if err := Torch(&bytes.Buffer{}, n); err == nil || !strings.Contains(err.Error(), "conv9_conv/kernel") {
		t.Errorf("a stage that does not exist: %v", err)
	}
}
