package baseline

import (
	"bytes"
	"image"
	"testing"
	"unsafe"
)

// TestStreamGivesTheRowsOfTheImage: each row comes once, in order, with the chroma that its color is interpolated from.
func TestStreamGivesTheRowsOfTheImage(t *testing.T) {
	streamed := 0
	for name, data := range goldens(t) {
		for _, reduction := range []int{1, 2, 4, 8} {
			decoded, wholeErr := DecodeReduced(data, reduction)
			whole := planes(t, decoded)
			next := 0
			err := Stream(data, reduction, func(p *Planes, from, to int) {
				if p.Ratio != whole.SubsampleRatio || p.Width != whole.Rect.Dx() || p.Height != whole.Rect.Dy() {
					t.Fatalf("%s reduced %d times: %v, %d x %d", name, reduction, p.Ratio, p.Width, p.Height)
				}
				if from != next || to <= from || to > p.Height {
					t.Fatalf("%s reduced %d times: rows %d to %d after %d", name, reduction, from, to, next)
				}
				for y := from; y < to; y++ {
					compareRow(t, p, whole, y)
				}
				next = to
			})
			if wholeErr != nil && err == nil {
				t.Errorf("%s reduced %d times: it is streamed, and not decoded: %v", name, reduction, wholeErr)
			}
			if _, heldErr := Held(data, reduction); err == nil && (heldErr != nil || next != whole.Rect.Dy()) {
				t.Errorf("%s reduced %d times: %d rows of %v; %v", name, reduction, next, whole.Rect, heldErr)
			}
			if err == nil {
				streamed++
			}
		}
	}
	if streamed < 60 {
		t.Errorf("%d images were streamed", streamed)
	}
}

func compareRow(t *testing.T, p *Planes, whole *image.YCbCr, y int) {
	t.Helper()
	if got, want := p.Y[y%p.YHeld*p.YStride:][:p.Width], whole.Y[y*whole.YStride:][:p.Width]; !bytes.Equal(got, want) {
		t.Fatalf("luma of row %d: %v, want %v", y, got, want)
	}
	last := whole.COffset(0, p.Height-1) / whole.CStride
	row := whole.COffset(0, y) / whole.CStride
	for near := max(row-1, 0); near <= min(row+1, last); near++ {
		// Of two rows that share their chroma, the upper one needs what is above, the lower one what is below.
		if twice := whole.COffset(0, 1) == 0; twice && (y%2 == 0 && near > row || y%2 == 1 && near < row) || !twice && near != row {
			continue
		}
		for i, plane := range [][]uint8{p.Cb, p.Cr} {
			all := [][]uint8{whole.Cb, whole.Cr}[i]
			n := min(p.CStride, whole.CStride) // one of both may be padded
			if got, want := plane[near%p.CHeld*p.CStride:][:n], all[near*whole.CStride:][:n]; !bytes.Equal(got, want) {
				t.Fatalf("chroma row %d for row %d: %v, want %v", near, y, got, want)
			}
		}
	}
}

// TestHeldIsTruthful: a stream takes what it says, and far less than the image.
func TestHeldIsTruthful(t *testing.T) {
	for _, c := range []struct {
		name      string
		reduction int
	}{{"420.jpg", 1}, {"progressive.jpg", 1}, {"progressive.jpg", 2}} {
		data := goldens(t)[c.name]
		held, err := Held(data, c.reduction)
		if err != nil {
			t.Fatal(err)
		}
		d, scan, _, err := openStream(data, c.reduction, tableOf)
		if err != nil {
			t.Fatal(err)
		}
		d.held, d.taken = 2, &taken{take: func(*Planes, int, int) {}}
		if err := d.decode(scan); err != nil {
			t.Fatal(err)
		}
		took := len(data)
		for _, p := range d.planes {
			took += len(p.pix) + len(p.blocks)*int(unsafe.Sizeof(coefficients{}))
		}
		if held != int64(took) {
			t.Errorf("%s: %d bytes are held, and it says %d", c.name, took, held)
		}
	}
}
