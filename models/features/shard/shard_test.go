package shard

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/input"
	"github.com/headstart-nb/headstart/models/modeltest"
)

// job is a folder of 50 images, of which one cannot be read.
func job(t *testing.T) Job {
	t.Helper()
	dir := t.TempDir()
	modeltest.WriteImages(t, dir, 17, "red", "green", "blue")
	if err := os.WriteFile(filepath.Join(dir, "green", "005.png"), []byte("not an image"), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := input.Open(t.Context(), []string{dir}, input.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return Job{Input: set, Count: 1, Backbone: modeltest.Backbone(t, modeltest.Options()), Device: modeltest.PureGo(t), Cache: t.TempDir()}
}

func merged(t *testing.T, caches ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "features.safetensors")
	m, err := Merge(t.Context(), caches, out)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Skipped) != 1 || m.Skipped[0].Path != "green/005.png" || m.Shape[0] != 50 {
		t.Errorf("merged are %v, skipped %v", m.Shape, m.Skipped)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The bytes do not depend on how many shards there are, on how many caches they lie in, or on how often a shard was run.
func TestShardsGiveTheSameBytes(t *testing.T) {
	j := job(t)
	if _, err := Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	want := merged(t, j.Cache)
	caches := []string{t.TempDir(), t.TempDir()}
	for _, i := range []int{2, 0, 6, 3, 3, 1, 5, 4} {
		j.Index, j.Count, j.Cache = i, 7, caches[i%2]
		if _, err := Run(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		if i == 6 {
			_, err := Merge(t.Context(), caches, filepath.Join(t.TempDir(), "out"))
			if missing, ok := errors.AsType[*MissingError](err); !ok || !slices.Equal(missing.Indexes, []int{1, 3, 4, 5}) {
				t.Errorf("with shards missing: %v", err)
			}
		}
	}
	if !bytes.Equal(merged(t, caches...), want) {
		t.Error("seven shards in two caches give other bytes than one")
	}
}

// A shard that ends in the middle leaves what it had kept, and no record; run again, it computes only the rest.
func TestAShardThatEndsInTheMiddle(t *testing.T) {
	j := job(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, j); !errors.Is(err, context.Canceled) {
		t.Fatalf("canceled: %v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(recordsIn(j.Cache), "*", "*")); len(found) > 0 {
		t.Errorf("a shard that was canceled has the record %s", found[0])
	}
	if _, err := Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	var last features.Progress
	j.Progress = func(p features.Progress) { last = p }
	if _, err := Run(t.Context(), j); err != nil || last.Computed != 0 || last.Cached != 50 || last.Total != 50 {
		t.Errorf("run again: %+v: %v", last, err)
	}
}

// Archives are dealt out as wholes; the bytes do not depend on how many shards there are, and labels come along.
func TestShardsOfArchives(t *testing.T) {
	j := job(t)
	dir, content := t.TempDir(), images(t, j)
	var places []string
	for i := range 5 {
		var data bytes.Buffer
		w := tar.NewWriter(&data)
		add := func(name string, content []byte) {
			if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 40 * (i % 3) { // 0, 40, 80, 0, 40: more than a chunk in a shard
			add(fmt.Sprintf("%03d.png", n), content[(n+i)%50])
			add(fmt.Sprintf("%03d.cls", n), []byte(strconv.Itoa(n%3)))
		}
		add("bad.jpg", []byte("not an image"))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		places = append(places, filepath.Join(dir, fmt.Sprintf("train-%d.tar", i)))
		if err := os.WriteFile(places[i], data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := input.Open(t.Context(), places, input.Options{})
	if err != nil {
		t.Fatal(err)
	}
	j.Input = set
	var first []byte
	for _, count := range []int{1, 3} {
		j.Count, j.Cache = count, t.TempDir()
		for j.Index = range count {
			if _, err := Run(t.Context(), j); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(t.TempDir(), "out")
		m, err := Merge(t.Context(), []string{j.Cache}, out)
		if err != nil || m.Shape[0] != 160 || len(m.Skipped) != 5 || m.Skipped[1].Path != "train-1.tar/bad.jpg" {
			t.Fatalf("%d shards: %+v, %v", count, m, err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
			if !bytes.Contains(data, []byte(`\"train-1.tar/000.png\",\"train-1.tar/001.png\"`)) || !bytes.Contains(data, []byte(`\"0\",\"1\",\"2\"`)) {
				t.Errorf("the header is %.300s", data)
			}
		}
		if !bytes.Equal(data, first) {
			t.Errorf("%d shards give other bytes than one", count)
		}
	}
	j.Strict = true
	if _, err := Run(t.Context(), j); !errors.As(err, new(*ImageError)) {
		t.Errorf("strict: %v", err)
	}
}

// images are the bytes of a job's images that can be read.
func images(t *testing.T, j Job) (list [][]byte) {
	t.Helper()
	for i := range j.Input.Len() {
		for file, err := range j.Input.Images(t.Context(), i) {
			if err != nil {
				t.Fatal(err)
			}
			if file.Path != "green/005.png" {
				list = append(list, file.Data)
			}
		}
	}
	return list
}

func TestWhatDoesNotBelongTogetherIsRefused(t *testing.T) {
	j := job(t)
	j.Count = 2
	if _, err := Run(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	other := j
	other.Count, other.Cache = 3, t.TempDir()
	if _, err := Run(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	for name, caches := range map[string][]string{"other counts": {j.Cache, other.Cache}, "nothing": {t.TempDir()}, "no folder": {"/no/such"}} {
		if _, err := Merge(t.Context(), caches, out); err == nil {
			t.Errorf("%s: merged", name)
		}
	}
	found, _ := filepath.Glob(filepath.Join(recordsIn(j.Cache), "*", "*"))
	for _, text := range []string{"", "{}", `{"count":2,"index":5,"kept":[{}]}`, `{"count":1,"index":0,"total":999999,"kept":[{"identity":"x","length":1}]}`,
		`{"count":1,"index":0,"total":2147483647,"kept":[{"identity":"x","length":1}],"units":[[]]}`} {
		if err := os.WriteFile(found[0], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Merge(t.Context(), []string{j.Cache}, out); err == nil {
			t.Errorf("the record %q is accepted", text)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a merge that failed has left a file")
	}
	for _, bad := range []Job{{Count: 0}, {Count: 2, Index: 2}, {Count: 2, Index: -1}, {Count: MaxShards + 1}, {Count: 1}} {
		if bad.Count != 1 {
			bad.Input = j.Input
		}
		if _, err := Run(t.Context(), bad); err == nil {
			t.Errorf("%d of %d is accepted", bad.Index, bad.Count)
		}
	}
}

// A strict job fails on an image that cannot be read, with an error that says that trying again is no use.
func TestStrict(t *testing.T) {
	j := job(t)
	j.Strict = true
	if _, err := Run(t.Context(), j); !errors.As(err, new(*ImageError)) {
		t.Errorf("got %v", err)
	}
}

// Records that contradict each other, and those of an earlier set of images in the same cache, are refused with what to do.
func TestRecordsOfTwoJobsInOneCache(t *testing.T) {
	record := func(listing string, index, count, total int) Record {
		return Record{Listing: listing, Index: index, Count: count, Total: total, Kept: []features.Kept{{Identity: "x", Length: 1}},
			Units: make([][]Image, (total-index+count-1)/count)}
	}
	for name, records := range map[string][]Record{
		"counts": {record("x", 0, 1, 4), record("x", 0, 2, 4)}, "images": {record("x", 0, 1, 4), record("y", 0, 1, 5)}, "totals": {record("x", 0, 2, 100), record("x", 1, 2, 1)},
	} {
		dir := t.TempDir()
		for _, r := range records {
			if err := r.write(dir); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Merge(t.Context(), []string{dir}, filepath.Join(t.TempDir(), "out"))
		if err == nil || !strings.Contains(err.Error(), "remove the folder of the one that is not wanted") {
			t.Errorf("two %s in one cache: %v", name, err)
		}
	}
}
