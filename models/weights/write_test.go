package weights

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrittenTensorsAreReadBack(t *testing.T) {
	want := map[string]Float32{
		"b/kernel": {Shape: []int{2, 3}, Values: []float32{1, 2, 3, 4, 5, -6}},
		"a":        {Shape: []int{1}, Values: []float32{0.5}},
	}
	var out bytes.Buffer
	if err := Write(&out, want, map[string]string{"made": "here"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	source, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	got := map[string]Float32{}
	for name := range source.Names() {
		tensor, err := source.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		values, err := Float32s(tensor)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = Float32{Shape: tensor.Shape().Dimensions, Values: values}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if source.Metadata()["made"] != "here" {
		t.Errorf("metadata %v", source.Metadata())
	}
	if err := Write(&out, map[string]Float32{"x": {Shape: []int{3}, Values: []float32{1}}}, nil); err == nil {
		t.Error("a shape that does not fit was written")
	}
}
