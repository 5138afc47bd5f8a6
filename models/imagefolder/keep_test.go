package imagefolder

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/resized"
)

// counted is a store that counts what happens.
type counted struct {
	Pixels
	mu              sync.Mutex
	found, put, not int
}

func (c *counted) Get(sha256 string, g Geometry, dst []uint8) bool {
	ok := c.Pixels.Get(sha256, g, dst)
	c.mu.Lock()
	defer c.mu.Unlock()
	if ok {
		c.found++
	} else {
		c.not++
	}
	return ok
}

func (c *counted) Put(sha256 string, g Geometry, pixels []uint8) {
	c.Pixels.Put(sha256, g, pixels)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put++
}

// photo is an encoded JPEG of a size.
func photo(t *testing.T, width, height int, seed uint64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	a, b := 1+random.IntN(90), 1+random.IntN(90)
	for y := range height {
		for x := range width {
			img.Y[y*img.YStride+x] = uint8(128 + 90*((x/a+y/b)%2) - random.IntN(40))
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = color.YCbCr{Cb: uint8(90 + i%70)}.Cb, uint8(100+i/len(img.Cr))
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPhotosAreDecodedOnce: the check hands on the pixels of the model and of the gallery, with the bits that decoding again would give.
func TestPhotosAreDecodedOnce(t *testing.T) {
	for _, decode := range []imageio.Decoding{imageio.Exact, imageio.Scaled} {
		t.Run(string(decode), func(t *testing.T) {
			root := t.TempDir()
			for i, class := range []string{"a", "a", "b", "b"} {
				path := filepath.Join(root, class, string(rune('0'+i))+".jpg")
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, photo(t, 1400, 1100, uint64(i)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			store, err := resized.Open(t.TempDir(), 0)
			if err != nil {
				t.Fatal(err)
			}
			kept := &counted{Pixels: store}
			model := Geometry{Size: 224, Method: Crop, Decode: decode}
			thumb := Geometry{Size: 112, Method: Bilinear, Decode: decode}
			o := DefaultOptions()
			o.StateDir, o.Pixels, o.Keep, o.Decode = t.TempDir(), kept, []Geometry{model, thumb}, decode
			d, err := Load(t.Context(), root, o)
			if err != nil {
				t.Fatal(err)
			}
			if kept.put == 0 {
				t.Fatal("the check keeps nothing")
			}
			for item := range d.Items {
				for _, g := range []Geometry{model, thumb} {
					got, err := d.Pixels(item, g)
					if err != nil {
						t.Fatal(err)
					}
					data, err := os.ReadFile(d.file(item))
					if err != nil {
						t.Fatal(err)
					}
					want := make([]uint8, g.Bytes())
					if err := imageio.At(want, data, g, imageio.Limits{}); err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%+v: %s", g, diff)
					}
				}
			}
			if kept.found != 2*len(d.Items) && decode == imageio.Exact {
				t.Errorf("%d of %d were found", kept.found, 2*len(d.Items))
			}
			// A file that changes is not answered from the store.
			if err := os.WriteFile(d.file(0), photo(t, 1400, 1100, 99), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Pixels(0, model); err == nil {
				t.Error("a file that has changed is answered from the store")
			}
		})
	}
}

func TestSmallImagesAreNotKept(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "a", "1.jpg"), photo(t, 300, 200, 1), 0o644); err != nil {
		t.Fatal(err)
	}
	store, err := resized.Open(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	kept := &counted{Pixels: store}
	o := DefaultOptions()
	o.Pixels, o.Keep = kept, []Geometry{{Size: 224}}
	d, err := Load(t.Context(), root, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pixels(0, Geometry{Size: 224}); err != nil || kept.put+kept.found+kept.not > 0 {
		t.Errorf("%v, %d put, %d asked for", err, kept.put, kept.found+kept.not)
	}
}

// TestUnchangedFilesAreNotRead: the second load says how many files it took to be the same, and Rehash reads them.
func TestUnchangedFilesAreNotRead(t *testing.T) {
	root := t.TempDir()
	for _, class := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(root, class), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, class, "1.jpg"), photo(t, 64, 48, uint64(class[0])), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := DefaultOptions()
	o.StateDir = t.TempDir()
	for i, want := range []int{0, 2, 0} {
		o.Rehash = i == 2
		d, err := Load(t.Context(), root, o)
		if err != nil {
			t.Fatal(err)
		}
		if d.Unread != want {
			t.Errorf("load %d: %d files were not read, want %d", i+1, d.Unread, want)
		}
	}
}

// TestNearDuplicatesOfAChangedFolder: what is kept of the search counts for the same images only.
func TestNearDuplicatesOfAChangedFolder(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	duplicates := func() (groups []string) {
		t.Helper()
		d := mustLoad(t, root, options(func(o *Options) { o.StateDir = state }))
		for _, group := range d.Duplicates {
			paths := ""
			for _, i := range group.Items {
				paths += d.Items[i].Path + " "
			}
			groups = append(groups, paths)
		}
		return groups
	}
	kept := func() (string, os.FileInfo) {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(state, "checked", "*.near"))
		if err != nil || len(files) != 1 {
			t.Fatalf("kept: %v, %v", files, err)
		}
		info, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return files[0], info
	}
	first := []byte(pngOf(t, drawing(1)))
	write("a/1.jpg", first)
	write("a/2.jpg", []byte(pngOf(t, drawing(2))))
	write("b/1.jpg", []byte(pngOf(t, drawing(3))))
	expect := func(what string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, duplicates()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	expect("no copy")
	_, before := kept()
	expect("the same folder")
	if file, after := kept(); !os.SameFile(before, after) {
		t.Errorf("%s was written again for the same folder", file)
	}
	write("b/2.jpg", []byte(jpegOf(t, drawing(1), 95)))
	expect("a copy was added", "a/1.jpg b/2.jpg ")
	file, _ := kept()
	if err := os.WriteFile(file, []byte("spoiled"), 0o644); err != nil {
		t.Fatal(err)
	}
	expect("what was kept is damaged", "a/1.jpg b/2.jpg ")
	write("b/2.jpg", []byte(pngOf(t, drawing(4))))
	expect("the copy is another image now")
	write("b/2.jpg", first)
	expect("it is the same bytes", "a/1.jpg b/2.jpg ")
	if err := os.Remove(filepath.Join(root, "a", "1.jpg")); err != nil {
		t.Fatal(err)
	}
	expect("the other one was removed")
}
