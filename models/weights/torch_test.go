package weights

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/weights/checkpoint"
	"github.com/headstart-nb/headstart/models/weights/pickle"
)

// Checkpoints of PyTorch are sources like safetensors files. What their files hold is tested in the package checkpoint.
func TestCheckpointIsASource(t *testing.T) {
	folder := filepath.Join("checkpoint", "testdata")
	for _, ending := range []string{"zip", "zip4", "legacy"} {
		source, err := Open(filepath.Join(folder, "types-"+ending+".pth"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"bfloat16", "empty", "float16", "float32", "float64", "int16", "int32", "int64", "int8", "scalar", "uint8"}
		if got := slices.Collect(source.Names()); !slices.Equal(got, want) {
			t.Errorf("%s: names %v", ending, got)
		}
		for name, kind := range map[string]dtypes.DType{
			"float64": dtypes.Float64, "float32": dtypes.Float32, "float16": dtypes.Float16, "bfloat16": dtypes.BFloat16,
			"int64": dtypes.Int64, "int32": dtypes.Int32, "int16": dtypes.Int16, "int8": dtypes.Int8, "uint8": dtypes.Uint8,
		} {
			tensor, err := source.Tensor(name)
			if shape, ok := source.Shape(name); err != nil || !ok || shape.DType != kind || !tensor.Shape().Equal(shape) {
				t.Errorf("%s: %s is %s, %v", ending, name, shape, err)
				continue
			}
			if !IsFloat(kind) {
				continue
			}
			if got, err := Float32s(tensor); err != nil || !slices.Equal(got, []float32{-6.25, -1.625, 3, -5, -0.375, 4.25}) {
				t.Errorf("%s: %s is %v, %v", ending, name, got, err)
			}
		}
		if _, ok := source.Shape("none"); ok {
			t.Error("a tensor that is not there has a shape")
		}
		if _, err := source.Tensor("none"); err == nil {
			t.Error("a tensor that is not there was read")
		}
		if source.Metadata() != nil {
			t.Errorf("%s: %v", ending, source.Metadata())
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
	source, err := Open(filepath.Join(folder, "nested-zip.pth"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{PartKey: "state_dict_ema", PartsKey: "state_dict, state_dict_ema"}, source.Metadata()); diff != "" {
		t.Error(diff)
	}
}

// A checkpoint that needs more than tensors is refused with what it wanted and how to convert it; a damaged one only with what is wrong.
func TestCheckpointsThatAreRefused(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("checkpoint", "testdata", "network-legacy.pth"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		content string
		as      any
		line    bool
	}{
		"calls":   {"\x80\x02cos\nsystem\nU\x0btouch pwned\x85R.", new(*pickle.GlobalError), true},
		"opcode":  {strings.Replace(string(whole), "}q", "\x8fq", 1), new(*pickle.OpcodeError), true},
		"big":     {strings.Replace(string(whole), "little_endianq\x02\x88", "little_endianq\x02\x89", 1), new(*checkpoint.UnsupportedError), true},
		"cut off": {string(whole[:len(whole)-1]), nil, false},
		"text":    {"not weights", nil, false},
	} {
		path := filepath.Join(t.TempDir(), name+".pth")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.HasPrefix(err.Error(), "open weights "+path+": ") || strings.Contains(err.Error(), "convert it with: python -P -c") != test.line {
			t.Errorf("%s: %v", name, err)
		}
		if test.as != nil && !errors.As(err, test.as) {
			t.Errorf("%s: %v is no %T", name, err, test.as)
		}
		if !test.line && name == "text" && !errors.Is(err, checkpoint.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The metadata of a checkpoint with many state dicts lists the first ones.
func TestManyStateDicts(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("checkpoint", "testdata", "network-legacy.pth"))
	if err != nil {
		t.Fatal(err)
	}
	head := string(whole[:strings.Index(string(whole), "M\xe9\x03.")+4]) // the number and the version
	object := "}(U\x05modelq\x00}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nByteStorage\nU\x010U\x03cpuK\x00tQK\x00K\x00\x85K\x01\x85\x89)tRq\x01s"
	for i := range 20 {
		object += "U\x02" + string(rune('a'+i)) + "a}U\x01wh\x01s"
	}
	path := filepath.Join(t.TempDir(), "many.pth")
	if err := os.WriteFile(path, []byte(head+"}."+object+"u."+"]U\x010a."+strings.Repeat("\x00", 8)), 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := source.Metadata()[PartsKey]; got != "model, aa, ba, ca, da, ea, fa, ga, ha, ia and 11 more" {
		t.Errorf("the state dicts are %q", got)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}
