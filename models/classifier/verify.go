package classifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// tolerance is how far losses and accuracies may be apart to differ by rounding alone; another device or batch changes the
// last bits of features, and training amplifies them.
const tolerance = 0.02

// maxDifferences bounds the sentences on files that changed.
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
	Verdict     Verdict         `json:"verdict"`
	Differences []string        `json:"differences"` // sentences: changed files, versions, weights, numbers
	Missing     []string        `json:"missing"`     // images that cannot be read, relative to the dataset's folder
	Changed     []string        `json:"changed"`     // images with other bytes
	Expected    history.History `json:"expected"`
	Repeated    history.History `json:"repeated"`

	NoBase error `json:"-"` // why the choice was not repeated: the backbone that the stages were compared on could not be opened
}

// ErrRows is a model that was trained on a file of features.
var ErrRows = errors.New("the model was trained on a file of features, and not on images: train on that file again to compare")

// VerifyOptions say where the images are now.
type VerifyOptions struct {
	Root   string               // of the images; empty: where they were
	Limits imageio.Limits       // of what is decoded; zero: those of the training
	Events func(progress.Event) // of the repetition; may be nil
	NoBase error                // why the backbone that the stages were compared on is not here; may be nil
}

// Verify repeats a training on its backbone (of the method auto: on that whose stages were compared) and on its
// images, features included, and compares the numbers. Images that are missing or changed end it with what differs: a
// repetition would prove nothing.
func Verify(ctx context.Context, device *accel.Device, o record.Outcome, backbone *features.Backbone, options VerifyOptions) (*Verification, error) {
	if untrainedHere(o) {
		return nil, fmt.Errorf("verify %s: %w", o.Name, ErrNotTrained)
	}
	if o.Provenance.Recipe.Method == recipe.MethodTaught {
		return nil, fmt.Errorf("verify %s: %w", o.Name, ErrTaught)
	}
	if o.Provenance.Recipe.Method == recipe.MethodRows {
		return nil, fmt.Errorf("verify %s: %w", o.Name, ErrRows)
	}
	p := o.Provenance
	v := &Verification{Verdict: Different, Differences: []string{}, Missing: []string{}, Changed: []string{}, Expected: o.History}
	data, err := v.recordedDataset(ctx, o, options)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", o.Name, err)
	}
	if len(v.Differences) > 0 {
		return v, nil
	}
	v.Differences = append(v.Differences, differentVersions(p, device)...)
	job := training.Job{
		Recipe: p.Recipe, Dataset: data, Backbone: backbone, Targets: p.Targets, Request: training.Request{Name: o.Name},
		Accept: preflight.Codes(), // the run began in spite of them
	}
	for _, epoch := range o.History {
		job.Planned = append(job.Planned, epoch.Epochs)
	}
	if p.Base != nil {
		if whole, err := backbone.At(p.Base.Architecture.Cut.Stages()...); err == nil && whole.Identity().Fingerprint == p.Base.Fingerprint {
			backbone = whole
		}
	}
	if p.Base != nil && backbone.Identity().Fingerprint != p.Base.Fingerprint {
		only := o.Selection.Choice().Candidate
		job.Candidate = &only
		v.NoBase = options.NoBase
		v.Differences = append(v.Differences, "the choice was not repeated, only what was chosen: the backbone that the stages were compared on is not here")
	}
	if n := device.Count(); job.Recipe.Devices > n {
		v.Differences = append(v.Differences, fmt.Sprintf("%d devices shared each batch, and %s has %d", job.Recipe.Devices, device.Name(), n))
		job.Recipe.Devices = 1
	}
	repeated, err := repeat(ctx, device, job, o, options.Events)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", o.Name, err)
	}
	defer repeated.Close()
	v.Repeated = repeated.History
	if o.Selection != nil && repeated.Selection != nil {
		if was, is := o.Selection.Choice().Candidate.String(), repeated.Selection.Choice().Candidate.String(); was != is {
			v.Differences = append(v.Differences, fmt.Sprintf("cross-validation had chosen %s, and now %s", was, is))
		}
	}
	v.compare(o, repeated.Outcome)
	return v, nil
}

// repeat does the job of a run again, as far as the run came.
func repeat(ctx context.Context, device *accel.Device, job training.Job, o record.Outcome, events func(progress.Event)) (*training.Result, error) {
	limited, stop := context.WithCancel(ctx)
	defer stop()
	repeated, err := training.Fit(limited, device, job, func(e progress.Event) {
		if events != nil {
			events(e)
		}
		// A recipe with fewer epochs would be another one: most schedules go from the first epoch to the last.
		if o.Status == progress.Stopped && e.Kind == progress.EpochEvent && e.Epoch.Epoch >= len(o.History) {
			stop()
		}
	})
	switch {
	case repeated == nil:
		return nil, err
	case ctx.Err() != nil: // an interrupted repetition tells nothing
		repeated.Close()
		return nil, progress.ErrStopped
	}
	return repeated, nil
}

// recordedDataset makes the dataset of the provenance out of the files under the root, and tells what changed.
func (v *Verification) recordedDataset(ctx context.Context, o record.Outcome, options VerifyOptions) (*imagefolder.Dataset, error) {
	p := o.Provenance
	id := p.Backbone
	root := cmp.Or(options.Root, p.DatasetRoot)
	data := &imagefolder.Dataset{
		Root: root, Name: p.Dataset, Classes: o.Classes, Digest: p.DatasetDigest, Together: p.Together,
		Options: imagefolder.Options{Size: id.Geometry.Size, Method: id.Geometry.Method, Decode: id.Geometry.Decode, MaxPixels: cmp.Or(options.Limits.MaxPixels, p.MaxPixels)},
	}
	if o.Task == recipe.Regression {
		data.Classes = nil
	}
	for _, list := range p.Together {
		for _, i := range list {
			if i < 0 || i >= len(p.Files) {
				return nil, fmt.Errorf("its record keeps the file %d of %d in a fold, which cannot be", i, len(p.Files))
			}
		}
	}
	more := 0
	differs := func(format string, args ...any) {
		if len(v.Differences) == maxDifferences {
			more++
			return
		}
		v.Differences = append(v.Differences, fmt.Sprintf(format, args...))
	}
	labels := 0
	for _, f := range p.Files {
		labels = max(labels, f.Label+1)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || f.Label < 0 || (o.Task == recipe.Single && f.Label >= len(o.Classes)) {
			return nil, fmt.Errorf("its record lists the file %q with the label %d, which cannot be", imagefolder.Printable(f.Path), f.Label)
		}
		sum, err := digest.FileWithin(ctx, filepath.Join(root, filepath.FromSlash(f.Path)), imageio.MaxFileMiB<<20)
		switch {
		case err != nil:
			v.Missing = append(v.Missing, f.Path)
			differs("%s cannot be read: %v", imagefolder.Printable(f.Path), plain(err))
		case sum != f.SHA256:
			v.Changed = append(v.Changed, f.Path)
			differs("%s has changed", imagefolder.Printable(f.Path))
		}
		want, _ := digest.Parse(f.SHA256) // what is not one is in v.Changed
		data.Items = append(data.Items, imagefolder.Item{Path: f.Path, Label: f.Label, Split: f.Split, SHA256: want})
	}
	for i := len(data.Classes); i < labels; i++ {
		data.Classes = append(data.Classes, fmt.Sprint(i))
	}
	if more > 0 {
		v.Differences = append(v.Differences, fmt.Sprintf("and %d more", more))
	}
	return data, nil
}

// plain is an error of the file system without the path, which stands beside it.
func plain(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// differentVersions names the programs that are not the recorded ones.
func differentVersions(p record.Provenance, device *accel.Device) []string {
	now := record.Versions(device)
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
func (v *Verification) compare(expected, repeated record.Outcome) {
	if len(v.Expected) != len(v.Repeated) {
		v.Differences = append(v.Differences, fmt.Sprintf("it had %d epochs, and the repetition %d", len(v.Expected), len(v.Repeated)))
		return
	}
	same, near := expected.Provenance.HeadDigest == repeated.Provenance.HeadDigest, true
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
