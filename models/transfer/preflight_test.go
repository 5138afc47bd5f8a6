package transfer

import (
	"context"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder"
)

// suspect is a tiny backbone that tells another identity.
type suspect struct {
	tiny
	change func(*Identity)
}

func (b suspect) Identity() Identity {
	id := b.tiny.Identity()
	b.change(&id)
	return id
}

func TestPreflight(t *testing.T) {
	device := pureGo(t)
	unpooled := newTiny(device)
	unpooled.pool = "none"
	for _, test := range []struct {
		silence  string
		severity Severity
		change   func(*Config)
	}{
		{SilencePreprocess, Error, func(c *Config) {
			c.Backbone = suspect{newTiny(device), func(id *Identity) { id.Weights.Preprocess = "caffe" }}
		}},
		{SilenceRandom, Warning, func(c *Config) {
			c.Backbone = suspect{newTiny(device), func(id *Identity) { id.Weights.Trained = false }}
		}},
		{SilenceLabelOrder, Error, func(c *Config) { c.Classes = []string{"red", "green", "blue"} }},
		{SilenceBatchNorm, Error, func(c *Config) { c.TrainNorm = true }},
		{SilencePoolNone, Warning, func(c *Config) { c.Backbone = unpooled }},
		{SilenceRate, Warning, func(c *Config) { c.LearningRate = 1 }},
		{SilenceRate, Warning, func(c *Config) { c.LearningRate, c.Unfreeze = 0.01, "high" }},
		{SilenceFew, Warning, func(c *Config) { drop(c, imagefolder.Train, "red", 5) }},
		{SilenceFew, Error, func(c *Config) { drop(c, imagefolder.Train, "red", 0) }},
		{SilenceImbalance, Warning, func(c *Config) { drop(c, imagefolder.Train, "red", 2); c.Silence = []string{SilenceFew} }},
		{SilenceNoVal, Warning, func(c *Config) {
			for _, class := range c.Dataset.Classes {
				drop(c, imagefolder.Val, class, 0)
			}
		}},
		{SilenceLeak, Error, func(c *Config) {
			val, train := c.Dataset.Select(imagefolder.Val)[0], c.Dataset.Select(imagefolder.Train)[0]
			c.Dataset.Items[val].SHA256 = c.Dataset.Items[train].SHA256
		}},
	} {
		c := tinyConfig(t, device)
		if findings := Preflight(c); len(findings) != 0 {
			t.Fatalf("without a mistake: %+v", findings)
		}
		test.change(&c)
		findings := Preflight(c)
		if len(findings) != 1 || findings[0].Silence != test.silence || findings[0].Severity != test.severity {
			t.Errorf("%s: %+v", test.silence, findings)
			continue
		}
		_, err := Fit(context.Background(), device, c, func(Event) {})
		if (err != nil) != (test.severity == Error) && test.silence != SilenceLeak {
			t.Errorf("%s: the training gave %v", test.silence, err)
		}
		c.Silence = append(c.Silence, test.silence)
		if findings := Preflight(c); len(findings) != 0 {
			t.Errorf("%s was not silenced: %+v", test.silence, findings)
		}
	}
}

// drop leaves so many items of a class in a split.
func drop(c *Config, split, class string, leave int) {
	label := slices.Index(c.Dataset.Classes, class)
	c.Dataset.Items = slices.DeleteFunc(slices.Clone(c.Dataset.Items), func(item imagefolder.Item) bool {
		if item.Split != split || item.Label != label {
			return false
		}
		leave--
		return leave < 0
	})
}
