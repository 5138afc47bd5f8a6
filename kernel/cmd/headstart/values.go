package main

import (
	"context"
	"slices"

	"github.com/headstart-nb/headstart/kernel/gonb"
)

// values are the variables of Go cells, but for names that @ already gives a meaning: the subsets of a dataset.
type values struct{ engine *gonb.Engine }

func (v values) Names() []string {
	return slices.DeleteFunc(v.engine.Names(), v.isSubset)
}

func (values) isSubset(name string) bool {
	return slices.Contains([]string{"train", "val", "test"}, name)
}

func (v values) Images(ctx context.Context, name string) (folder string, known bool, err error) {
	if v.isSubset(name) {
		return "", false, nil
	}
	return v.engine.Images(ctx, name)
}
