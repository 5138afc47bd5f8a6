package shard

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
)

// BenchmarkMerge merges rows of 2,048 numbers, as ResNet50 gives them: docs/scale.md has the time for a row.
func BenchmarkMerge(b *testing.B) {
	const rows, length, shards = 20_000, 2048, 8
	dir := b.TempDir()
	kept, err := cache.Open(filepath.Join(dir, "cache", "features"), math.MaxInt64)
	if err != nil {
		b.Fatal(err)
	}
	space, err := kept.Space("x", length)
	if err != nil {
		b.Fatal(err)
	}
	records := make([]Record, shards)
	row := make([]float32, length)
	for i := range rows {
		key := sha256.Sum256(fmt.Append(nil, i))
		row[i%length]++
		if err := space.Put(key, row); err != nil {
			b.Fatal(err)
		}
		r := &records[i%shards]
		r.Units = append(r.Units, []Image{{Path: fmt.Sprintf("class%02d/%06d.jpg", i%10, i), SHA256: hex.EncodeToString(key[:])}})
	}
	if err := space.Close(); err != nil {
		b.Fatal(err)
	}
	for i, r := range records {
		r.Total, r.Index, r.Count, r.Shape, r.Kept = rows, i, shards, []int{length}, []features.Kept{{Identity: "x", Length: length}}
		if err := r.write(dir); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(rows * length * 4)
	out := filepath.Join(b.TempDir(), "out")
	for b.Loop() {
		if _, err := Merge(b.Context(), []string{dir}, out); err != nil {
			b.Fatal(err)
		}
	}
}
