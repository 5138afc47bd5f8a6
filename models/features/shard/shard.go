// Package shard computes the features of images in parts that any machine can compute, and repeat.
//
// The units of a set, images or archives of images, are dealt out to shards in their order, in turn. A shard keeps what it computes in a cache addressed by the
// images' content, and at its end writes a record of its images. Shards know nothing of each other: one that is killed is run again,
// and finds what it had kept; one that is run twice changes nothing. Merge reads the records and writes the features as one file,
// whose bytes do not depend on how many shards there were.
package shard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/features/input"
	"github.com/headstart-nb/headstart/models/imageio"
)

// MaxShards is the most shards of a set.
const MaxShards = 100_000

// A Job is one shard's work.
type Job struct {
	Input    *input.Set
	Index    int // of the shard, from 0
	Count    int // of all shards
	Backbone *features.Backbone
	Device   *accel.Device
	Cache    string // folder that keeps features and records
	Limits   imageio.Limits
	// Strict makes an image that cannot be read an ImageError. Else it is skipped, and the record says so.
	Strict   bool
	Progress func(features.Progress) // may be nil. The total is 0 where there are archives, whose images are not counted before
}

// A Record is what a shard has done. It is written when all of it is kept.
type Record struct {
	Listing  string            `json:"listing"` // SHA-256 of the names of all shards' units, in hexadecimal
	Total    int               `json:"total"`   // units of all shards
	Index    int               `json:"index"`
	Count    int               `json:"count"`
	Shape    []int             `json:"shape"` // of one image's features
	Kept     []features.Kept   `json:"kept"`
	Backbone features.Identity `json:"backbone"`
	Units    [][]Image         `json:"units"` // the images of each unit of this shard, in order
}

// An Image is a file of a shard.
type Image struct {
	Path    string `json:"path"`             // as package input names it, with slashes
	Label   string `json:"label,omitempty"`  // of the image's sample; empty where it has none
	SHA256  string `json:"sha256,omitempty"` // of its bytes; empty where it is skipped
	Skipped string `json:"skipped,omitempty"`
}

// An ImageError is an image that cannot be read, of a strict job. Trying again gives the same.
type ImageError struct {
	Path string
	Err  error
}

func (e *ImageError) Error() string { return fmt.Sprintf("%s cannot be used: %v", e.Path, e.Err) }

// Unwrap is what is wrong with it.
func (e *ImageError) Unwrap() error { return e.Err }

func (j Job) validate() error {
	if j.Input == nil {
		return errors.New("it has no input")
	}
	if j.Count < 1 || j.Count > MaxShards {
		return fmt.Errorf("the number of shards must be from 1 to %d; got %d", MaxShards, j.Count)
	}
	if j.Index < 0 || j.Index >= j.Count {
		return fmt.Errorf("the shard must be from 0 to %d; got %d", j.Count-1, j.Index)
	}
	return nil
}

// Run computes a shard. What the cache has is not computed again, but every image is read: its content decides.
func Run(ctx context.Context, job Job) (Record, error) {
	if err := job.validate(); err != nil {
		return Record{}, fmt.Errorf("compute a shard: %w", err)
	}
	r, err := job.run(ctx)
	if err != nil {
		return r, fmt.Errorf("compute shard %d of %d of %s: %w", job.Index, job.Count, job.Input.Name(), err)
	}
	return r, nil
}

func (j Job) run(ctx context.Context) (r Record, err error) {
	r = Record{Total: j.Input.Len(), Index: j.Index, Count: j.Count, Shape: j.Backbone.FeatureShape(), Backbone: j.Backbone.Identity()}
	all := sha256.New()
	for i := range j.Input.Len() {
		fmt.Fprintf(all, "%q\n", j.Input.UnitName(i))
	}
	r.Listing = hex.EncodeToString(all.Sum(nil))
	if r.Kept, err = j.Backbone.Kept(j.Device); err != nil {
		return r, err
	}
	pass, err := features.Open(j.Backbone, j.Device, j.Cache, math.MaxInt64)
	if err != nil {
		return r, err
	}
	if err = pass.ForMany(); err == nil {
		r.Units, err = j.compute(ctx, pass)
	}
	if err = errors.Join(err, pass.CacheError(), pass.Close()); err != nil {
		return r, err
	}
	return r, r.write(j.Cache)
}

// recordsIn is the folder of the records in a cache.
func recordsIn(dir string) string { return filepath.Join(dir, "shards") }

// CountImages counts a shard's images, and those of them that are skipped.
func (r Record) CountImages() (images, skipped int) {
	for _, unit := range r.Units {
		images += len(unit)
		for _, image := range unit {
			if image.Skipped != "" {
				skipped++
			}
		}
	}
	return images, skipped
}

// job names what belongs together: the same images, in as many shards, by the same backbone.
func (r Record) job() string {
	text, err := json.Marshal([]any{r.Listing, r.Count, r.Kept})
	if err != nil {
		return "" // texts and numbers have no error
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (r Record) write(dir string) error {
	folder := filepath.Join(recordsIn(dir), r.job())
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("write the shard's record: %w", err)
	}
	file := filepath.Join(folder, fmt.Sprintf("%05d-of-%05d.json", r.Index, r.Count))
	err := atomicfile.WriteFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
	if err != nil {
		return fmt.Errorf("write the shard's record: %w", err)
	}
	return nil
}

// key reads an image's hash.
func (i Image) key() (cache.Key, error) { return cache.ParseKey(i.SHA256) }
