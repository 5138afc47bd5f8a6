package imagefolder

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imageio"
)

// frame is an image of a video in which a bar moves slowly over a scene.
func frame(scene, at int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 160, 120))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	still := drawing(scene)
	for y := range 120 {
		for x := range 160 {
			img.Set(x, y, still.At(x*48/160, y*40/120))
		}
	}
	draw.Draw(img, image.Rect(2*at, 0, 2*at+40, 120), image.NewUniform(color.White), image.Point{}, draw.Src)
	return img
}

func TestFramesOfAVideoAreNoSingleGroup(t *testing.T) {
	files := someFiles(t, 20, "still")
	for i := range 60 {
		files[fmt.Sprintf("video/clip1_%04d.png", i)] = pngOf(t, frame(5000, i))
	}
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	print := func(i int) neardup.Fingerprint {
		data, err := os.ReadFile(d.file(i))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := imageio.DecodeFor(data, d.Options.plan(imageio.Header{}), imageio.Limits{MaxPixels: d.Options.MaxPixels})
		if err != nil {
			t.Fatal(err)
		}
		return neardup.Of(decoded)
	}
	for _, group := range d.Duplicates {
		for _, i := range group.Items {
			if !print(i).Near(print(group.Leader), neardup.DefaultBits) {
				t.Errorf("%s is not near its leader", d.Items[i].Path)
			}
		}
		if len(group.Items) > 40 {
			t.Errorf("%d frames are one group", len(group.Items))
		}
	}
	if d.Count(Val)[1] == 0 {
		t.Error("no frame is in val")
	}
	if n, _ := noteOf(d, CodeLeak); n.Severity != diagnosis.Warning || !strings.Contains(n.Fix, "prefix") {
		t.Errorf("frames that are alike are in train and val, and the note is %+v", n)
	}
	d = mustLoad(t, testfile.Write(t, files), options(func(o *Options) { o.GroupBy = GroupByPrefix }))
	if n, _ := noteOf(d, CodeMissing); d.Count(Val)[1] != 0 || !strings.Contains(n.Sentence, "60 of its 60 images are in one group") {
		t.Errorf("the one video is in val as well as train, or nothing says so: %+v", n)
	}
}

func TestSwatchesAreNotTheSameImage(t *testing.T) {
	files := map[string]string{}
	for c, class := range []string{"red", "green"} {
		for i := range 30 {
			img := image.NewRGBA(image.Rect(0, 0, 32, 32))
			shade := color.RGBA{uint8(100 + 3*i), uint8(100 + 3*i + 2*c), 90, 255}
			draw.Draw(img, img.Bounds(), image.NewUniform(shade), image.Point{}, draw.Src)
			files[fmt.Sprintf("%s/%d.png", class, i)] = pngOf(t, img)
		}
	}
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	if n, ok := noteOf(d, CodeTwoLabels); ok {
		t.Errorf("%+v", n)
	}
	if len(d.Duplicates) != 0 || d.Count(Val)[0] != 6 || d.Count(Val)[1] != 6 {
		t.Errorf("%d groups, %v in val", len(d.Duplicates), d.Count(Val))
	}
}

func TestGroupBy(t *testing.T) {
	folders, names := map[string]string{}, map[string]string{}
	for c, class := range []string{"sick", "well"} {
		for patient := range 5 {
			for i := range 6 {
				data := pngOf(t, drawing(10000*c+100*patient+i))
				folders[fmt.Sprintf("%s/patient%d/s/%d.png", class, patient, i)] = data
				names[fmt.Sprintf("%s/patient%d_left_%d.png", class, patient, i)] = data
			}
		}
	}
	for by, files := range map[GroupBy]map[string]string{GroupByFolder: folders, GroupByPrefix: names} {
		d := mustLoad(t, testfile.Write(t, files), options(func(o *Options) { o.GroupBy, o.Test = by, 0.2 }))
		subset := map[string]string{}
		for _, item := range d.Items {
			patient := item.Path[strings.Index(item.Path, "patient"):][:8]
			if s, ok := subset[patient]; ok && s != item.Split {
				t.Errorf("by %s: %s is in %s, another of that patient in %s", by, item.Path, item.Split, s)
			}
			subset[patient] = item.Split
		}
		for _, s := range []string{Train, Val, Test} {
			if n := d.Count(s); n[0] == 0 || n[1] == 0 {
				t.Errorf("by %s: %v images in %s", by, n, s)
			}
		}
		if n, _ := noteOf(d, CodeGroups); !strings.Contains(n.Sentence, "5 groups") {
			t.Errorf("by %s: %+v", by, n)
		}
	}
	d := mustLoad(t, testfile.Write(t, someFiles(t, 3, "a", "b")), options(func(o *Options) { o.GroupBy = GroupByFolder }))
	if n, _ := noteOf(d, CodeGroups); n.Severity != diagnosis.Warning {
		t.Errorf("no image has a group, and the note is %+v", n)
	}
	_, err := Load(context.Background(), testfile.Write(t, nil), options(func(o *Options) { o.GroupBy = "video" }))
	if wrong, ok := errors.AsType[*OptionError](err); !ok || wrong.Field != "group-by" {
		t.Errorf("an unknown grouping: %v", err)
	}
}

func TestGroupLargerThanTheFractionIsUsedToValidate(t *testing.T) {
	files := map[string]string{}
	for c, class := range []string{"a", "b"} {
		for video := range 2 {
			for i := range 10 {
				files[fmt.Sprintf("%s/%d/%d.png", class, 10*c+video, i)] = pngOf(t, drawing(1000*c+100*video+i))
			}
		}
	}
	d := mustLoad(t, testfile.Write(t, files), options(func(o *Options) { o.GroupBy = GroupByFolder }))
	if n := d.Count(Val); n[0] != 10 || n[1] != 10 {
		t.Errorf("val has %v images, want one of two videos of each class", n)
	}
}

func TestPrefix(t *testing.T) {
	for file, want := range map[string]string{
		"patient12_left_3.png": "patient12", "12_left.jpeg": "12", "video_7_frame_3.jpg": "video_7", "walk_0001.png": "walk",
		"IMG_0001.JPG": "IMG", "0001.png": "", "cat.png": "", "p1.a.png": "p1", "\xff1-2.png": "\xff1",
	} {
		if got := prefixOf(file); got != want {
			t.Errorf("%s has the prefix %q, want %q", file, got, want)
		}
	}
}
