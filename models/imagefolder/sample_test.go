package imagefolder

import (
	"slices"
	"testing"
)

func TestSample(t *testing.T) {
	root := t.TempDir()
	d, err := Sample(t.Context(), root, SampleOptions{Classes: 3, PerClass: 5, Load: options(func(o *Options) { o.Seed = 42 })})
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "sample" || !slices.Equal(d.Count(""), []int{5, 5, 5}) || !slices.Equal(d.Count(Val), []int{1, 1, 1}) || len(d.Skipped) > 0 {
		t.Errorf("%s: %v images, %v for validation, skipped %v", d.Name, d.Count(""), d.Count(Val), d.Skipped)
	}
	if len(d.Duplicates) > 0 {
		t.Errorf("drawn images count as copies: %v", d.Duplicates)
	}
	again, err := Sample(t.Context(), root, SampleOptions{Classes: 3, PerClass: 5, Load: options(func(o *Options) { o.Seed = 42 })})
	if err != nil || again.Digest != d.Digest {
		t.Errorf("drawn again it is another set (%v)", err)
	}
	_, err = Sample(t.Context(), root, SampleOptions{Classes: 1})
	wantError(t, err, "choose 2 to")
}
