package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/input"
	"github.com/headstart-nb/headstart/models/features/shard"
)

// shardFlags say which part of the images is computed.
type shardFlags struct {
	shard, of         int
	strict            bool
	manifest, suspend bool
	image, claim      string
}

func (o *shardFlags) declare(f *pflag.FlagSet) {
	f.IntVar(&o.shard, "shard", -1, "shard to compute, from 0; by default the task's number in an Indexed Job or a Slurm array")
	f.IntVar(&o.of, "of", 0, "number of shards; 0 computes all images at once")
	f.BoolVar(&o.strict, "strict", false, "fail, with status 3, where an image cannot be read; else it is skipped")
	f.BoolVar(&o.manifest, "manifest", false, "print a Kubernetes Job that computes all shards, and compute nothing")
	f.BoolVar(&o.suspend, "suspend", false, "let the printed Job wait until a queue such as Kueue starts it")
	f.StringVar(&o.image, "image", "headstart-serve", "container image in the printed Job")
	f.StringVar(&o.claim, "claim", "headstart-data", "volume claim in the printed Job, mounted at /data")
}

// taskVariables have a task's number: of an Indexed Job, and of a Slurm array.
func taskVariables() []string { return []string{"JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"} }

// complete takes the shard from the task's number where no flag gives it.
func (o *shardFlags) complete(given *pflag.FlagSet) error {
	if o.of == 0 {
		if given.Changed("shard") || o.manifest {
			return commandline.Usagef("compute a shard: --of is missing; it says how many shards there are")
		}
		return nil
	}
	if o.of < 1 || o.of > shard.MaxShards {
		return commandline.Usagef("compute a shard: --of must be from 1 to %d; got %d", shard.MaxShards, o.of)
	}
	if o.manifest {
		return nil
	}
	if !given.Changed("shard") {
		for _, name := range taskVariables() {
			if text := os.Getenv(name); text != "" {
				number, err := strconv.Atoi(text)
				if err != nil {
					return commandline.Usagef("compute a shard: %s must be a number; got %q", name, text)
				}
				o.shard = number
				break
			}
		}
	}
	if o.shard < 0 || o.shard >= o.of {
		return commandline.Usagef("compute a shard: --shard must be from 0 to %d; got %d", o.of-1, o.shard)
	}
	return nil
}

func computeShard(ctx context.Context, page output.Page, p *transfer.Presenter, places []string, o featuresFlags) error {
	r, err := runShard(ctx, page, p, places, o, shard.Job{Index: o.shards.shard, Count: o.shards.of, Cache: o.out})
	if err != nil {
		return err
	}
	for _, unit := range r.Units {
		printSkipped(page, unit)
	}
	images, skipped := r.CountImages()
	units := fmt.Sprintf("%d of %d images", len(r.Units), r.Total)
	if images != len(r.Units) {
		units = fmt.Sprintf("%d of %d files, %d images", len(r.Units), r.Total, images)
	}
	_, err = fmt.Fprintf(page.Stdout(), "shard %d of %d: %s, %d of them skipped\n", r.Index, r.Count, units, skipped)
	return err
}

func runShard(ctx context.Context, page output.Page, p *transfer.Presenter, places []string, o featuresFlags, job shard.Job) (shard.Record, error) {
	job.Strict = o.shards.strict
	r, err := p.FeatureShard(ctx, page, o.architecture, places, o.data, o.model, job)
	if errors.As(err, new(*shard.ImageError)) || errors.As(err, new(*features.NotFiniteError)) {
		return r, &commandline.FinalError{Err: err}
	}
	return r, err
}

// writeStreamed computes what is not a dataset as one shard, in a folder beside the file that is written.
func writeStreamed(ctx context.Context, page output.Page, p *transfer.Presenter, places []string, o featuresFlags) (err error) {
	cache, err := os.MkdirTemp(filepath.Dir(o.out), ".features-*")
	if err != nil {
		return fmt.Errorf("write the features: %w", err)
	}
	if _, err = runShard(ctx, page, p, places, o, shard.Job{Count: 1, Cache: cache}); err != nil {
		return errors.Join(err, os.RemoveAll(cache))
	}
	if err := merge(ctx, page, []string{cache}, o.out); err != nil { // such as for a full disk
		return fmt.Errorf("%w; what was computed stays in that folder: headstart features merge writes it elsewhere", err)
	}
	return os.RemoveAll(cache)
}

func merge(ctx context.Context, page output.Page, caches []string, out string) error {
	m, err := shard.Merge(ctx, caches, out)
	if err != nil {
		return err
	}
	printSkipped(page, m.Skipped)
	_, err = fmt.Fprintf(page.Stdout(), "wrote %s: %v; %d images were skipped\n", out, m.Shape, len(m.Skipped))
	return err
}

func printSkipped(page output.Page, images []shard.Image) {
	for _, image := range images {
		if image.Skipped != "" {
			fmt.Fprintf(page.Stderr(), "skipped %q: %s\n", image.Path, image.Skipped)
		}
	}
}

func mergeCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "merge CACHE...",
		Short: "Write the features of all shards as one file",
		Long: `Write the features of all shards as one file. The shards may be in several folders. One row is in memory at a time. Shards that are
missing are named, and the status is 1.`,
		Example: "  headstart features merge cache --out features.safetensors",
		Args:    commandline.Args(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return commandline.Usagef("merge the shards in %s: --out is missing; it names the file to write", args[0])
			}
			return command(c, resultPage(c, false), func(ctx context.Context, page output.Page) error {
				return merge(ctx, page, args, out)
			})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "safetensors file to write")
	return cmd
}

//go:embed job.yaml.tmpl
var jobTemplate string

// mostFailed is how many of a hundred shards may fail before the whole Job does.
const mostFailed = 10

// mostParallel is how many shards a Job computes at once, where nobody changes it.
const mostParallel = 16

// printManifest prints a Job that runs this command for each shard.
func printManifest(w io.Writer, c *cobra.Command, places []string, o featuresFlags) error {
	words := append([]string{"headstart", "features"}, places...)
	own := []string{"manifest", "suspend", "image", "claim", "shard"}
	c.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(own, f.Name) {
			words = append(words, "--"+f.Name+"="+f.Value.String())
		}
	})
	quoted := make([]string, len(words))
	for i, word := range words {
		text, err := json.Marshal(word) // a JSON text is a YAML text
		if err != nil {
			return err
		}
		quoted[i] = string(text)
	}
	image, err := json.Marshal(o.shards.image)
	if err != nil {
		return err
	}
	claim, err := json.Marshal(o.shards.claim)
	if err != nil {
		return err
	}
	t, err := template.New("job").Parse(jobTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, map[string]any{
		"Shards": o.shards.of, "Parallel": min(o.shards.of, mostParallel), "Failed": max(1, o.shards.of*mostFailed/100), "Suspend": o.shards.suspend,
		"Image": string(image), "Claim": string(claim), "Command": quoted,
		"Storage": slices.ContainsFunc(places, func(p string) bool { return strings.HasPrefix(p, input.Scheme) }),
	})
}
