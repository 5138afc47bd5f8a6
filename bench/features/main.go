// Command features is our side of features.py: it computes features of images and tells how long it took.
//
// With a folder it computes the features of the folder's images once, from files, and ends. Without one it answers each
// line "N" of standard input with the seconds that N made images took, so that a script can take turns between programs.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/resized"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

func main() {
	var (
		device  = flag.String("device", "cpu", "cpu or cuda")
		options = backbone.DefaultExtractorOptions()
		backed  = resnet.DefaultOptions()
		folder  = flag.String("folder", "", "compute the features of this folder's images, from files, once")
		repeats = flag.Int("repeats", 1, "how many times over the folder's images are computed")
		decode  = flag.String("decode", "", "exact or scaled; empty: the default")
		keep    = flag.String("keep", "", "folder for resized images, as the kernel keeps them; empty: none are kept")
	)
	flag.IntVar(&options.Batch, "batch", 0, "images at once")
	flag.IntVar(&options.Expected, "expected", 0, "images in all")
	flag.StringVar((*string)(&options.Formulation), "formulation", "auto", "auto, plain or winograd")
	flag.StringVar((*string)(&options.Precision), "precision", "float32", "float32, bfloat16 or float16")
	flag.StringVar((*string)(&backed.Variant), "variant", "v1", "v1 or v1.5")
	flag.StringVar((*string)(&backed.Cut), "cut", "conv5", "stages to pool, such as conv3+conv4+conv5")
	flag.Parse()
	backed.Weights = resnet.RandomWeights(0)
	files := imagefolder.DefaultOptions()
	files.NoEdits, files.Decode = true, imageio.Decoding(*decode)
	err := keepResized(&files, *keep)
	if err == nil {
		err = run(context.Background(), *device, backed, options, files, *folder, *repeats)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "features:", err)
		os.Exit(1)
	}
}

// keepResized keeps what a model will want of large images, so that they are decoded once.
func keepResized(o *imagefolder.Options, folder string) error {
	if folder == "" {
		return nil
	}
	store, err := resized.Open(folder, 0)
	o.Pixels, o.Keep = store, []imagefolder.Geometry{{Size: o.Size, Method: imagefolder.Bilinear, Decode: o.Decode}}
	return err
}

func run(
	ctx context.Context, deviceName string, backed resnet.Options, options backbone.ExtractorOptions, data imagefolder.Options,
	folder string, repeats int,
) error {
	start := time.Now()
	var dataset *imagefolder.Dataset
	if folder != "" {
		var err error
		if dataset, err = imagefolder.Load(ctx, folder, data); err != nil {
			return err
		}
		options.Expected = len(dataset.Items) * repeats
	}
	loaded := time.Now()
	device, err := accel.Open(ctx, accel.Options{Device: deviceName})
	if err != nil {
		return err
	}
	defer func() { _ = device.Close() }()
	network, err := backbone.Open(ctx, backed)
	if err != nil {
		return err
	}
	extractor, err := network.NewExtractor(ctx, device, options)
	if err != nil {
		return err
	}
	defer func() { _ = extractor.Close() }()
	if dataset != nil {
		images, err := fromFiles(ctx, dataset, extractor, repeats)
		if err != nil {
			return err
		}
		return answer(map[string]any{
			"images": images, "seconds": time.Since(start).Seconds(), "check_seconds": loaded.Sub(start).Seconds(),
			"cpu_seconds": timeline.Processor(),
			"formulation": extractor.Formulation(), "peak_mb": peakMB(),
		})
	}
	return serve(ctx, network, extractor, time.Since(start))
}

// fromFiles computes the features of a folder's images, several times over where a larger folder is to be played.
func fromFiles(ctx context.Context, dataset *imagefolder.Dataset, extractor *backbone.Extractor, repeats int) (int, error) {
	images := 0
	for range repeats {
		reader, err := dataset.Read(ctx, imagefolder.ReadOptions{Batch: extractor.Batch()})
		if err != nil {
			return 0, err
		}
		for {
			batch, err := reader.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return 0, err
			}
			if _, err := extractor.Extract(ctx, batch.Pixels, len(batch.Items)); err != nil {
				return 0, err
			}
			images += len(batch.Items)
		}
		if err := reader.Close(); err != nil {
			return 0, err
		}
	}
	return images, nil
}

// serve answers lines that ask for a number of made images.
func serve(ctx context.Context, network *backbone.Backbone, extractor *backbone.Extractor, opened time.Duration) error {
	begin := time.Now()
	img := network.Architecture().Size * network.Architecture().Size * 3
	pixels := make([]uint8, extractor.Batch()*img)
	for i := range pixels {
		pixels[i] = uint8(uint32(i) * 2654435761 >> 24)
	}
	if _, err := extractor.Extract(ctx, pixels, extractor.Batch()); err != nil { // waits for the compilation
		return err
	}
	if err := answer(map[string]any{
		"ready": true, "formulation": extractor.Formulation(), "batch": extractor.Batch(),
		"open_seconds": opened.Seconds(), "compile_seconds": time.Since(begin).Seconds(),
	}); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		n, err := strconv.Atoi(strings.TrimSpace(lines.Text()))
		if err != nil {
			return err
		}
		start, used := time.Now(), timeline.Processor()
		for done := 0; done < n; done += extractor.Batch() {
			count := min(extractor.Batch(), n-done)
			if _, err := extractor.Extract(ctx, pixels[:count*img], count); err != nil {
				return err
			}
		}
		if err := answer(map[string]any{"seconds": time.Since(start).Seconds(), "cpu_seconds": timeline.Processor() - used, "peak_mb": peakMB()}); err != nil {
			return err
		}
	}
	return lines.Err()
}

func answer(value map[string]any) error { return json.NewEncoder(os.Stdout).Encode(value) }

// peakMB is the largest resident memory that the process had, in 10^6 bytes; 0 where Linux does not tell.
func peakMB() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib * 1024 / 1_000_000
		}
	}
	return 0
}
