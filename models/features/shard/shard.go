// Package shard computes the features of a folder in parts that any machine can compute, and repeat.
//
// The images of a folder, in their order, are dealt out to shards in turn. A shard keeps what it computes in a cache addressed by the
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
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio"
)

// chunk is how many images are held in memory at once: some batches, so that decoding and computing both have work.
const chunk = 128

// MaxShards is the most shards of a folder.
const MaxShards = 100_000

// A Job is one shard's work.
type Job struct {
	Dir         string // folder of images, or a list of paths
	Index       int    // of the shard, from 0
	Count       int    // of all shards
	Backbone    *features.Backbone
	Device      *accel.Device
	Cache       string // folder that keeps features and records
	Limits      imageio.Limits
	FollowLinks bool
	// Strict makes an image that cannot be read an ImageError. Else it is skipped, and the record says so.
	Strict   bool
	Progress func(features.Progress) // may be nil
}

// A Record is what a shard has done. It is written when all of it is kept.
type Record struct {
	Listing string          `json:"listing"` // SHA-256 of all shards' paths, in hexadecimal
	Total   int             `json:"total"`   // images of all shards
	Index   int             `json:"index"`
	Count   int             `json:"count"`
	Shape   []int           `json:"shape"` // of one image's features
	Kept    []features.Kept `json:"kept"`
	Images  []Image         `json:"images"` // of this shard, in order
}

// An Image is a file of a shard.
type Image struct {
	Path    string `json:"path"`             // relative to the folder, with slashes
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
	r, err := job.run(ctx)
	if err != nil {
		return r, fmt.Errorf("compute shard %d of %d of %s: %w", job.Index, job.Count, job.Dir, err)
	}
	return r, nil
}

func (j Job) run(ctx context.Context) (r Record, err error) {
	if err := j.validate(); err != nil {
		return r, err
	}
	layout, err := source.Open(ctx, j.Dir, source.Options{
		FollowLinks: j.FollowLinks, MaxFiles: math.MaxInt32, StateDir: j.Cache, Progress: func(int, int, string) {},
	})
	if err != nil {
		return r, err
	}
	r = Record{Total: len(layout.Candidates), Index: j.Index, Count: j.Count, Shape: j.Backbone.FeatureShape()}
	all := sha256.New()
	for i, c := range layout.Candidates {
		fmt.Fprintf(all, "%q\n", c.Path)
		if i%j.Count == j.Index {
			r.Images = append(r.Images, Image{Path: c.Path})
		}
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
		err = j.compute(ctx, pass, layout.Root, r.Images)
	}
	if err = errors.Join(err, pass.CacheError(), pass.Close()); err != nil {
		return r, err
	}
	return r, r.write(j.Cache)
}

// compute fills in the images.
func (j Job) compute(ctx context.Context, pass *features.Pass, root string, images []Image) error {
	done := features.Progress{Total: len(images)}
	for at := 0; at < len(images); at += chunk {
		some := images[at:min(at+chunk, len(images))]
		read, err := j.read(ctx, root, some)
		if err != nil {
			return err
		}
		if _, err := pass.Images(ctx, read); err != nil {
			return err
		}
		done.Total -= len(some) - len(read) // what is skipped is not to be done
		for _, image := range read {
			if image.Cached {
				done.Cached++
			} else {
				done.Computed++
			}
		}
		if j.Progress != nil {
			j.Progress(done)
		}
	}
	return nil
}

// read decodes images, and notes their hashes, or why they are skipped.
func (j Job) read(ctx context.Context, root string, images []Image) ([]*features.Image, error) {
	geometry := j.Backbone.Identity().Geometry
	read := make([]*features.Image, len(images))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range images {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			file := filepath.Join(root, filepath.FromSlash(images[i].Path))
			read[i], err = features.ReadImage(file, geometry, j.Limits)
			switch {
			case err == nil:
				images[i].SHA256 = hex.EncodeToString(read[i].Key[:])
				return nil
			case transient(err):
				return err
			case j.Strict:
				return &ImageError{images[i].Path, reason(err)}
			}
			images[i].Skipped = reason(err).Error()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var good []*features.Image
	for _, image := range read {
		if image != nil {
			good = append(good, image)
		}
	}
	return good, nil
}

// transient tells whether reading a file failed for a reason that may pass: what the system said, other than that there is no such
// file, or no right to read it.
func transient(err error) bool {
	file, ok := errors.AsType[*imageio.FileError](err)
	return ok && file.Err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) && !errors.Is(err, io.ErrUnexpectedEOF) &&
		!errors.Is(err, io.EOF)
}

// reason is why an image cannot be read, without its path, which stands beside it.
func reason(err error) error {
	if file, ok := errors.AsType[*imageio.FileError](err); ok {
		return errors.New(file.Reason)
	}
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// recordsIn is the folder of the records in a cache.
func recordsIn(dir string) string { return filepath.Join(dir, "shards") }

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
