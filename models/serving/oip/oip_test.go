package oip

import (
	"bytes"
	"math"
	"testing"

	"github.com/headstart-nb/headstart/models/serving/inference"
)

func TestImagesOfTensors(t *testing.T) {
	jpeg := []byte("\xff\xd8\xff")
	for name, test := range map[string]struct {
		inputs []Tensor
		images int // 0: refused
	}{
		"two encoded":           {[]Tensor{{Info: Info{Input, Bytes, []int64{2}}, Elements: [][]byte{jpeg, jpeg}}}, 2},
		"a column":              {[]Tensor{{Info: Info{Input, Bytes, []int64{2, 1}}, Elements: [][]byte{jpeg, jpeg}}}, 2},
		"pixels":                {[]Tensor{{Info: Info{Input, Uint8, []int64{2, 2, 2, 3}}, Raw: make([]byte, 24)}}, 2},
		"bytes of one":          {[]Tensor{{Info: Info{Input, Uint8, []int64{3}}, Raw: jpeg}}, 1},
		"none":                  {nil, 0},
		"two inputs":            {[]Tensor{{}, {}}, 0},
		"another name":          {[]Tensor{{Info: Info{"x", Bytes, []int64{1}}, Elements: [][]byte{jpeg}}}, 0},
		"another type":          {[]Tensor{{Info: Info{Input, Fp32, []int64{1}}}}, 0},
		"wrong count":           {[]Tensor{{Info: Info{Input, Bytes, []int64{3}}, Elements: [][]byte{jpeg}}}, 0},
		"no shape":              {[]Tensor{{Info: Info{Input, Bytes, nil}, Elements: [][]byte{jpeg}}}, 0},
		"negative":              {[]Tensor{{Info: Info{Input, Bytes, []int64{-1}}, Elements: [][]byte{jpeg}}}, 0},
		"overflow":              {[]Tensor{{Info: Info{Input, Uint8, []int64{1 << 32, 1 << 32, 1 << 32, 3}}}}, 0},
		"hidden by zero":        {[]Tensor{{Info: Info{Input, Uint8, []int64{math.MaxInt32, 0, 2, 3}}}}, 0},
		"zero images":           {[]Tensor{{Info: Info{Input, Uint8, []int64{0, 2, 2, 3}}}}, 0},
		"channels first":        {[]Tensor{{Info: Info{Input, Uint8, []int64{1, 3, 2, 2}}, Raw: make([]byte, 12)}}, 0},
		"a row":                 {[]Tensor{{Info: Info{Input, Uint8, []int64{1, 1, 1, 12}}, Raw: make([]byte, 12)}}, 0},
		"no square":             {[]Tensor{{Info: Info{Input, Uint8, []int64{1, 1, 4, 3}}, Raw: make([]byte, 12)}}, 0},
		"pixels of three sizes": {[]Tensor{{Info: Info{Input, Uint8, []int64{2, 2, 3}}, Raw: make([]byte, 12)}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			images, err := Images(test.inputs, 4)
			if len(images) != test.images || (err != nil) != (test.images == 0) {
				t.Errorf("it has %d images: %v", len(images), err)
			}
			if err != nil && inference.KindOf(err) != inference.Bad {
				t.Errorf("the error is not the client's: %v", err)
			}
		})
	}
}

// FuzzSplitBytes: what can be read is written alike, and nothing makes the reader take memory that the data does not have.
func FuzzSplitBytes(f *testing.F) {
	f.Add(JoinBytes([]string{"a", "", "long"}))
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		list, err := SplitBytes(raw, 8)
		if err != nil {
			return
		}
		texts := make([]string, len(list))
		for i, element := range list {
			texts[i] = string(element)
		}
		if again := JoinBytes(texts); !bytes.Equal(again, raw) {
			t.Errorf("%x is written as %x", raw, again)
		}
	})
}
