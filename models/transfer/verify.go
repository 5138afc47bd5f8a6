package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// tolerance is how far losses and accuracies may be apart to differ by rounding alone; another device or batch changes the
// last bits of features, and training amplifies them.
const tolerance = 0.02

// maxDifferences bounds the list of changed files.
const maxDifferences = 20

// Verdict is what Verify found.
type Verdict string

// The verdicts.
const (
	Identical Verdict = "identical"        // the same bits
	Within    Verdict = "within tolerance" // the same but for rounding
	Different Verdict = "different"
)

// A Verification is the result of repeating a training.
type Verification struct {
	Verdict     Verdict  `json:"verdict"`
	Differences []string `json:"differences"` // sentences: changed files, versions, weights, numbers
	Expected    History  `json:"expected"`
	Repeated    History  `json:"repeated"`
}

// Verify repeats the training that c tells of on the images under root (empty: where they were), features included, and
// compares the numbers. Images that are missing or changed end it with what differs: a repetition would prove nothing.
func Verify(ctx context.Context, device *accel.Device, c Claim, root string, events func(Event)) (*Verification, error) {
	p := c.Provenance
	v := &Verification{Verdict: Different, Expected: c.History}
	if root == "" {
		root = p.DatasetRoot
	}
	data, changed, err := recordedDataset(ctx, c, root)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", c.Name, err)
	}
	if changed != nil {
		v.Differences = changed
		return v, nil
	}
	v.Differences = differentVersions(p, device)
	config := p.Settings.apply(Config{Name: c.Name, Dataset: data, Backbone: c.Backbone})
	if c.Status == Stopped {
		config.Epochs = len(c.History)
	}
	config.Silence = allSilences() // the run began in spite of them
	if n := device.Count(); config.Devices > n {
		v.Differences = append(v.Differences, fmt.Sprintf("%d devices shared each batch, and %s has %d", config.Devices, device.Name(), n))
		config.Devices = 1
	}
	repeated, err := Fit(ctx, device, config, events)
	if err != nil && repeated == nil {
		return nil, fmt.Errorf("verify %s: %w", c.Name, err)
	}
	defer repeated.Close()
	v.Repeated = repeated.History
	v.compare(c, repeated)
	return v, nil
}

// recordedDataset makes the dataset of the provenance out of the files under root, or tells what changed.
func recordedDataset(ctx context.Context, c Claim, root string) (*imagefolder.Dataset, []string, error) {
	p := c.Provenance
	id := c.Backbone.Identity()
	data := &imagefolder.Dataset{
		Root: root, Name: p.Dataset, Classes: c.Classes, Digest: p.DatasetDigest,
		Options: imagefolder.Options{Size: id.Geometry.Size, Method: id.Geometry.Method},
	}
	if c.Task == Regression {
		data.Classes = nil
	}
	var changed []string
	differs := func(format string, args ...any) { changed = append(changed, fmt.Sprintf(format, args...)) }
	labels := 0
	for _, f := range p.Files {
		labels = max(labels, f.Label+1)
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || f.Label < 0 || (c.Task == Single && f.Label >= len(c.Classes)) {
			return nil, nil, fmt.Errorf("its record lists the file %q with the label %d, which cannot be", imagefolder.Printable(f.Path), f.Label)
		}
		sum, err := fileDigest(filepath.Join(root, filepath.FromSlash(f.Path)))
		switch {
		case err != nil:
			differs("%s cannot be read: %v", imagefolder.Printable(f.Path), err)
		case sum != f.SHA256:
			differs("%s has changed", imagefolder.Printable(f.Path))
		}
		if len(changed) >= maxDifferences {
			differs("and perhaps more files")
			break
		}
		data.Items = append(data.Items, imagefolder.Item{Path: f.Path, Label: f.Label, Split: f.Split, SHA256: f.SHA256})
	}
	for i := len(data.Classes); i < labels; i++ {
		data.Classes = append(data.Classes, fmt.Sprint(i))
	}
	return data, changed, nil
}

func fileDigest(path string) (string, error) {
	file, err := safefile.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// differentVersions names the programs that are not the recorded ones.
func differentVersions(p Provenance, device *accel.Device) []string {
	now := versions()
	now["pjrt"] = device.Plugin()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(p.Versions)) {
		if now[name] != p.Versions[name] {
			list = append(list, fmt.Sprintf("%s was %q and is %q", name, p.Versions[name], now[name]))
		}
	}
	if p.Device != device.Name() {
		list = append(list, fmt.Sprintf("the device was %s and is %s", p.Device, device.Name()))
	}
	return list
}

// compare judges the repetition.
func (v *Verification) compare(c Claim, repeated *Model) {
	if len(v.Expected) != len(v.Repeated) {
		v.Differences = append(v.Differences, fmt.Sprintf("it had %d epochs, and the repetition %d", len(v.Expected), len(v.Repeated)))
		return
	}
	same, near := c.Provenance.HeadDigest == repeated.Provenance.HeadDigest, true
	largest, where := 0.0, ""
	for i, want := range v.Expected {
		got := v.Repeated[i]
		for _, pair := range []struct {
			name      string
			want, got float64
		}{
			{"loss", want.Loss, got.Loss}, {"accuracy", want.Accuracy, got.Accuracy},
			{"validation loss", want.ValLoss, got.ValLoss}, {"validation accuracy", want.ValAccuracy, got.ValAccuracy},
		} {
			if pair.want == pair.got {
				continue
			}
			same = false
			if d := math.Abs(pair.want - pair.got); d > largest {
				largest, where = d, fmt.Sprintf("the %s of epoch %d", pair.name, i+1)
			}
			if math.Abs(pair.want-pair.got) > tolerance*max(1, math.Abs(pair.want)) {
				near = false
				v.Differences = append(v.Differences, fmt.Sprintf("epoch %d: the %s was %.6g and is %.6g", i+1, pair.name, pair.want, pair.got))
			}
		}
	}
	switch {
	case same:
		v.Verdict = Identical
	case near:
		v.Verdict = Within
		if where != "" {
			v.Differences = append(v.Differences, fmt.Sprintf("%s differs the most, by %.2g: features round differently where they were "+
				"computed for another number of images, and then found in the cache", where, largest))
		}
	}
}

func allSilences() []string {
	return []string{
		SilencePreprocess, SilencePoolNone, SilenceBatchNorm, SilenceLeak, SilenceFew, SilenceImbalance, SilenceRandom,
		SilenceLabelOrder, SilenceRate, SilenceNoVal,
	}
}
