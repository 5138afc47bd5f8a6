package features_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
)

// TestDecodingIsPartOfTheIdentity: scaled decoding gives other features, and has a cache of its own; exact decoding keeps that of before
// there was a choice, as do identities in which none is recorded.
func TestDecodingIsPartOfTheIdentity(t *testing.T) {
	network := cutAfter(t, "conv1").Network()
	identity := func(decode imageio.Decoding) features.Identity {
		return features.New(network, features.Options{Precision: resnet.Float32, Decode: decode}).Identity()
	}
	open, exact, scaled := identity(""), identity(imageio.Exact), identity(imageio.Scaled)
	if open != identity(imageio.DefaultDecoding) {
		t.Errorf("nothing said: %+v", open)
	}
	if exact.Geometry.Decode != imageio.Exact || scaled.Geometry.Decode != imageio.Scaled || exact.Fingerprint == scaled.Fingerprint {
		t.Errorf("%+v and %+v", exact, scaled)
	}
	if want := network.Fingerprint() + "|bilinear|float32"; exact.Fingerprint != want {
		t.Errorf("exact: %s, want %s as before", exact.Fingerprint, want)
	}
	old := exact
	old.Geometry.Decode = ""
	for _, id := range []features.Identity{old, exact, scaled} {
		again, err := id.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Identity(); got.Fingerprint != id.Fingerprint || again.Identity().Geometry.Decode != cmp.Or(id.Geometry.Decode, imageio.Exact) {
			t.Errorf("opened again: %+v, want %+v", got, id)
		}
	}
}

// TestScaledDecodingHardlyChangesFeatures bounds what scaled decoding does to the features of a photo that is reduced: their cosine with
// those of exact decoding. ImageNet's weights gave 0.9996 and more on 22 photos of 2 to 12 megapixels; the bound here is a little wider.
func TestScaledDecodingHardlyChangesFeatures(t *testing.T) {
	set, _ := resnet.FindSet(resnet.SetSample)
	options := resnet.DefaultOptions()
	options.Weights, options.Size, options.Cut = resnet.PublishedWeights(set.Name), set.Geometry.Size, resnet.Cut(set.Deepest)
	network := modeltest.Backbone(t, options).Network()
	data := largePhotos(t)
	device := modeltest.PureGo(t)
	rows := map[imageio.Decoding][]float32{}
	for _, decode := range []imageio.Decoding{imageio.Exact, imageio.Scaled} {
		var err error
		backbone := features.New(network, features.Options{Precision: resnet.Float32, Decode: decode})
		if rows[decode], err = features.OfDataset(t.Context(), device, backbone, "", data, nil); err != nil {
			t.Fatal(err)
		}
	}
	length := len(rows[imageio.Exact]) / len(data.Items)
	for i := range data.Items {
		a, b := rows[imageio.Exact][i*length:][:length], rows[imageio.Scaled][i*length:][:length]
		var ab, aa, bb float64
		for k := range a {
			ab, aa, bb = ab+float64(a[k])*float64(b[k]), aa+float64(a[k])*float64(a[k]), bb+float64(b[k])*float64(b[k])
		}
		switch cosine := ab / math.Sqrt(aa*bb); {
		case slices.Equal(a, b):
			t.Errorf("%s: the features are equal: nothing was reduced", data.Items[i].Path)
		case cosine < 0.999:
			t.Errorf("%s: a cosine of %.6f", data.Items[i].Path, cosine)
		}
	}
}

// largePhotos are images of several times the size that the sample's network sees.
func largePhotos(t *testing.T) *imagefolder.Dataset {
	t.Helper()
	files := map[string]string{}
	for i := range 4 {
		img := image.NewRGBA(image.Rect(0, 0, 800, 600))
		for y := range 600 {
			for x := range 800 {
				r := math.Hypot(float64(x-400), float64(y-300))
				img.Set(x, y, color.RGBA{uint8(128 + 100*math.Sin(r/float64(20+10*i))), uint8(x * 255 / 800), uint8(y*255/600 + x*y%7), 255})
			}
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
			t.Fatal(err)
		}
		files[fmt.Sprintf("%c/%d.jpg", 'a'+i%2, i)] = out.String()
	}
	return modeltest.Load(t, testfile.Write(t, files))
}

// TestUnreadableFilesAreNamedVisibly: a terminal would obey what is in the name of a stranger's file.
func TestUnreadableFilesAreNamedVisibly(t *testing.T) {
	const name = "a\x1b[2J\u202e.png"
	dir := testfile.Write(t, map[string]string{name: "no image", "b.png": ""})
	for file, want := range map[string]string{name: `a\x1b[2J\u202e.png": not an image`, "missing" + name: `missinga\x1b[2J\u202e.png": cannot be read`, "b.png": "b.png: the file is empty"} {
		_, err := features.ReadImage(filepath.Join(dir, file), imageio.Geometry{Size: 8}, imageio.Limits{})
		if failed := new(imageio.FileError); err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &failed) || strings.Contains(failed.Reason, ".png") {
			t.Errorf("%q: %v, want %q in it", file, err, want)
		}
	}
}
