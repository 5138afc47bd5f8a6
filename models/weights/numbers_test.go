package weights

import (
	"bytes"
	"testing"
)

func TestWriteNumbers(t *testing.T) {
	for _, c := range []struct {
		values []float32
		want   []byte
	}{
		{nil, nil},
		{[]float32{1, -2}, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}},
	} {
		var out bytes.Buffer
		if err := WriteNumbers(&out, c.values); err != nil || !bytes.Equal(out.Bytes(), c.want) {
			t.Errorf("%v: % x, %v; want % x", c.values, out.Bytes(), err, c.want)
		}
	}
}
