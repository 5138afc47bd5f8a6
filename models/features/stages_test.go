package features_test

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// cutAfter is a small backbone with a cut.
func cutAfter(t *testing.T, cut resnet.Cut) *features.Backbone {
	t.Helper()
	options := modeltest.Options()
	options.Cut = cut
	return modeltest.Backbone(t, options)
}

// computed runs a backbone over a dataset, and tells how many images were computed, under which cut the last of them.
func computed(t *testing.T, device *accel.Device, b *features.Backbone, home string, data *imagefolder.Dataset, items []int) (*features.Table, int, resnet.Cut) {
	t.Helper()
	pass, err := features.Open(b, device, home, 0)
	if err != nil {
		t.Fatal(err)
	}
	var last features.Progress
	table, err := pass.Compute(t.Context(), data, items, nil, 0, func(p features.Progress) { last = p })
	cut := pass.Compiled()
	if err = errors.Join(err, pass.Close()); err != nil {
		t.Fatal(err)
	}
	if last.Computed+last.Cached != len(items) || !last.Done {
		t.Errorf("the progress ends at %+v of %d images", last, len(items))
	}
	return table, last.Computed, cut
}

// Each stage is kept by itself: what one cut has computed, no other computes again.
func TestStagesAreCachedByThemselves(t *testing.T) {
	device, home, data := modeltest.XLA(t, 1), t.TempDir(), modeltest.Colors(t)
	items := make([]int, len(data.Items))
	for i := range items {
		items[i] = i
	}
	first, n, cut := computed(t, device, cutAfter(t, "conv2"), home, data, items)
	if n != len(items) || cut != "conv2" {
		t.Fatalf("the first pass computed %d images at %s", n, cut)
	}
	both, n, cut := computed(t, device, cutAfter(t, "conv1+conv2"), home, data, items)
	if n != len(items) || cut != "conv1" {
		t.Errorf("with conv2 in the cache, %d images were computed at %s, want all at conv1", n, cut)
	}
	if got, want := both.At("conv2").Gather(nil, items), first.Gather(nil, items); !slices.Equal(got, want) {
		t.Error("conv2 of several stages is not what the cache had")
	}
	if both.Length() != 64+256 || both.At("conv1").Length() != 64 || both.At("conv3") != nil {
		t.Errorf("rows have %d numbers, those of conv1 %d", both.Length(), both.At("conv1").Length())
	}
	if got := both.Gather(nil, items[:1]); !slices.Equal(got[:64], both.At("conv1").Gather(nil, items[:1])) {
		t.Error("the rows do not begin with conv1")
	}
	if _, n, cut = computed(t, device, cutAfter(t, "conv1"), home, data, items); n != 0 || cut != "" {
		t.Errorf("a backbone cut at conv1 computed %d images at %s again", n, cut)
	}
	// Some images have both stages, some none.
	other := t.TempDir()
	computed(t, device, cutAfter(t, "conv1+conv2"), other, data, items[:20])
	mixed, n, _ := computed(t, device, cutAfter(t, "conv1+conv2"), other, data, items)
	if n != len(items)-20 {
		t.Errorf("%d images were computed, want %d", n, len(items)-20)
	}
	if got, want := mixed.Gather(nil, items), both.Gather(nil, items); !near(got, want) {
		t.Error("features from the cache and computed ones are mixed up")
	}
}

// near tells whether numbers are the same but for rounding.
func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return max(x-y, y-x) <= 1e-5*max(1, x, -x) })
}

func TestOfStages(t *testing.T) {
	device, home, data := modeltest.XLA(t, 1), t.TempDir(), modeltest.Colors(t)
	list, err := features.OfStages(t.Context(), device, cutAfter(t, "conv3"), home, data, []resnet.Stage{"conv1", "conv3"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := features.OfDataset(t.Context(), device, cutAfter(t, "conv1+conv3"), home, data, func(p features.Progress) {
		if p.Computed != 0 {
			t.Errorf("%d images were computed again", p.Computed)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Stage != "conv1" || list[0].Length != 64 || list[1].Stage != "conv3" || list[1].Length != 512 {
		t.Fatalf("the stages are %d, first %s of %d", len(list), list[0].Stage, list[0].Length)
	}
	for i := range data.Items {
		row := whole[i*576 : (i+1)*576]
		if !slices.Equal(row[:64], list[0].Values[i*64:(i+1)*64]) || !slices.Equal(row[64:], list[1].Values[i*512:(i+1)*512]) {
			t.Fatalf("image %d has other features in a concatenation", i)
		}
	}
	if _, err := features.OfStages(t.Context(), device, cutAfter(t, "conv2"), home, data, []resnet.Stage{"conv3"}, nil); !errors.As(err, new(*resnet.ChoiceError)) {
		t.Errorf("a stage past the last: %v", err)
	}
}

// Images one at a time, some of whose stages are known.
func TestImagesWithSomeStagesCached(t *testing.T) {
	device, home := modeltest.XLA(t, 1), t.TempDir()
	var list []*features.Image
	for i := range 3 {
		pixels := make([]uint8, modeltest.Size*modeltest.Size*3)
		for at := range pixels {
			pixels[at] = uint8(at * (i + 1) % 251)
		}
		list = append(list, features.NewImage(pixels))
	}
	images := func(cut resnet.Cut, list []*features.Image) []float32 {
		pass, err := features.Open(cutAfter(t, cut), device, home, 0)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := pass.Images(t.Context(), list)
		if err = errors.Join(err, pass.Close()); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	images("conv1", list[:1])
	images("conv1+conv2", list[1:2])
	rows := images("conv1+conv2", list)
	if list[0].Cached || !list[1].Cached || list[2].Cached {
		t.Errorf("in the cache were %v, %v, %v", list[0].Cached, list[1].Cached, list[2].Cached)
	}
	home = t.TempDir()
	if !near(rows, images("conv1+conv2", list)) {
		t.Error("rows with stages from the cache differ")
	}
}

// Features that are not numbers are refused where they arise, by name, and are not kept.
func TestFeaturesThatAreNotFinite(t *testing.T) {
	device, home, data := modeltest.XLA(t, 1), t.TempDir(), modeltest.Colors(t)
	tensors := cutAfter(t, "conv1+conv2").Network().Tensors()
	gamma := tensors["conv2_block3_3_bn/gamma"].Values
	for i := range gamma {
		gamma[i] = 3e38
	}
	file := filepath.Join(t.TempDir(), "weights.safetensors")
	err := atomicfile.WriteFile(file, func(w io.Writer) error { return weights.Write(w, tensors, nil) })
	if err != nil {
		t.Fatal(err)
	}
	options := modeltest.Options()
	options.Cut, options.Weights = "conv1+conv2", resnet.WeightsFile(file)
	backbone := modeltest.Backbone(t, options)
	for range 2 {
		_, err := features.OfDataset(t.Context(), device, backbone, home, data, nil)
		wrong, ok := errors.AsType[*features.NotFiniteError](err)
		if !ok || wrong.Stage != "conv2" || !strings.Contains(err.Error(), wrong.Image) || !strings.HasSuffix(wrong.Image, ".png") {
			t.Errorf("features that overflow: %v", err)
		}
	}
}

// How images come to their size follows the weights, unless it was chosen.
func TestMethodFollowsTheWeights(t *testing.T) {
	random := cutAfter(t, "conv1").Network()
	saved := modeltest.WriteWeights(t, features.New(random, features.DefaultOptions())) // under Keras's names
	options := modeltest.Options()
	options.Weights = resnet.WeightsFile(saved)
	keras := modeltest.Backbone(t, options).Network()
	options.Weights = random.Weights().Saved(saved, "")
	options.Weights.Resize = imagefolder.Crop
	cropped := modeltest.Backbone(t, options).Network()
	for _, test := range []struct {
		network      *backbone.Backbone
		chosen, want imagefolder.Method
	}{
		{random, "", imagefolder.Bilinear}, {keras, "", imagefolder.Bilinear}, {cropped, "", imagefolder.Crop},
		{cropped, imagefolder.Nearest, imagefolder.Nearest}, {keras, imagefolder.Crop, imagefolder.Crop},
	} {
		b := features.New(test.network, features.Options{Precision: resnet.Float32, Method: test.chosen})
		if got := b.Identity().Geometry.Method; got != test.want {
			t.Errorf("weights %s, chosen %q: %s, want %s", test.network.Weights(), test.chosen, got, test.want)
		}
	}
}

// Earlier versions kept features under the SHA-256 of the weights' file. They are read, and not written again.
func TestFeaturesOfAnEarlierVersionAreNotComputedAgain(t *testing.T) {
	device, home, data := modeltest.XLA(t, 1), t.TempDir(), modeltest.Colors(t)
	items := []int{0, 1, 2, 3, 4, 5}
	first, _, _ := computed(t, device, cutAfter(t, "conv1+conv2"), t.TempDir(), data, items)
	kept, err := cache.Open(filepath.Join(home, "cache", "features"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range []resnet.Stage{"conv1", "conv2"} {
		rows := first.At(stage)
		space, err := kept.Space(cutAfter(t, resnet.CutAfter(stage)).Identity().Fingerprint+"|"+device.Name(), rows.Length())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if err := space.Put(cache.Key(data.Items[i].SHA256), rows.Gather(nil, []int{i})); err != nil {
				t.Fatal(err)
			}
		}
		if err := space.Close(); err != nil {
			t.Fatal(err)
		}
	}
	again, n, _ := computed(t, device, cutAfter(t, "conv1+conv2"), home, data, items)
	if n != 0 || !slices.Equal(again.Gather(nil, items), first.Gather(nil, items)) {
		t.Errorf("%d images were computed again", n)
	}
}
