package main

import (
	"context"
	"slices"

	"github.com/headstart-nb/headstart/kernel/gonb"
)

// values are the variables of Go cells, but for names that @ already gives a meaning: the subsets of a dataset.
type values struct{ engine *gonb.Engine }

func (v values) Images(ctx context.Context, name string) (folder string, known bool, err error) {
	if slices.Contains([]string{"train", "val", "test"}, name) {
		return "", false, nil
	}
	return v.engine.Images(ctx, name)
}
