package backbone_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// contentOf is the fingerprint of a backbone's numbers.
func contentOf(t *testing.T, b *backbone.Backbone) string {
	t.Helper()
	fingerprint, ok := b.ContentFingerprint()
	if !ok {
		t.Fatal("the weights have no digest")
	}
	return fingerprint
}

func opened(t *testing.T, change func(*resnet.Options)) *backbone.Backbone {
	t.Helper()
	options := modeltest.Options()
	change(&options)
	b, err := backbone.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheContentFingerprintIsThatOfTheNumbers(t *testing.T) {
	deep := opened(t, func(o *resnet.Options) { o.Cut = "conv3" })
	shallow := opened(t, func(o *resnet.Options) { o.Cut = "conv2" })
	cut, err := deep.CutAt("conv2")
	if err != nil {
		t.Fatal(err)
	}
	if contentOf(t, cut) != contentOf(t, shallow) {
		t.Error("weights past the cut count")
	}
	if contentOf(t, deep) == contentOf(t, cut) {
		t.Error("weights up to the cut do not count")
	}
	if other := opened(t, func(o *resnet.Options) { o.Cut, o.Weights = "conv2", resnet.RandomWeights(6) }); contentOf(t, other) == contentOf(t, shallow) {
		t.Error("other weights have the same fingerprint")
	}
	// The same numbers in another file.
	path := modeltest.WriteWeights(t, modeltest.Backbone(t, func() resnet.Options { o := modeltest.Options(); o.Cut = "conv2"; return o }()))
	saved := opened(t, func(o *resnet.Options) {
		o.Cut, o.Weights = "conv2", resnet.WeightsFile(path)
		o.Variant, o.Preprocess = shallow.Architecture().Variant, shallow.Architecture().Preprocess
	})
	if saved.Fingerprint() == shallow.Fingerprint() || contentOf(t, saved) != contentOf(t, shallow) {
		t.Errorf("the file's fingerprint is %s, and that of the same numbers %s", contentOf(t, saved), contentOf(t, shallow))
	}
	if strings.Contains(contentOf(t, saved), saved.Weights().SHA256) {
		t.Error("the file counts")
	}
}

// A network whose weights were left out keeps the digest that was computed before, and has none otherwise.
func TestTheContentFingerprintWithoutWeights(t *testing.T) {
	before, after := opened(t, func(*resnet.Options) {}), opened(t, func(*resnet.Options) {})
	want := contentOf(t, before)
	if got := contentOf(t, before.WithoutWeights()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, ok := after.WithoutWeights().ContentFingerprint(); ok {
		t.Errorf("%s of no weights", got)
	}
}

func TestTheTopCounts(t *testing.T) {
	with := opened(t, func(o *resnet.Options) { o.Cut, o.Depth, o.Top = "conv5", 18, true })
	pooled, err := with.Pooled(resnet.PoolAvg)
	if err != nil {
		t.Fatal(err)
	}
	first, second := contentOf(t, with), contentOf(t, pooled)
	if first[strings.LastIndex(first, "|"):] == second[strings.LastIndex(second, "|"):] {
		t.Error("the top's weights do not count")
	}
}
