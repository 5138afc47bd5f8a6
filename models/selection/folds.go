// Package selection chooses a classifier on features by cross-validation.
package selection

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Lists is how many lists of rows that stay together there are: Folds fills as many folds.
func Lists(rows int, groups [][]int) int {
	for _, group := range groups {
		rows -= len(group) - 1
	}
	return rows
}

// Folds divides rows into k folds. Rows of a group stay in one fold; each class is spread over the folds as evenly as that
// allows. Groups lists rows that belong together; a row in none is a group of its own. keys decide the order in which groups
// are dealt, together with the seed: the same contents give the same folds, whatever the order of the rows.
func Folds(labels []int, groups [][]int, keys []string, k int, seed int64) []int {
	fold := make([]int, len(labels))
	for i := range fold {
		fold[i] = -1
	}
	all := slices.Clone(groups)
	for _, group := range groups {
		for _, i := range group {
			fold[i] = 0
		}
	}
	for i, f := range fold {
		if f < 0 {
			all = append(all, []int{i})
		}
	}
	type dealt struct {
		rows []int
		key  [sha256.Size]byte
	}
	order := make([]dealt, 0, len(all))
	for _, rows := range all {
		smallest := keys[rows[0]]
		for _, i := range rows {
			smallest = min(smallest, keys[i])
		}
		order = append(order, dealt{rows, sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, uint64(seed)), smallest...))})
	}
	// Large groups first: the small ones then even out what they left.
	slices.SortFunc(order, func(a, b dealt) int {
		if len(a.rows) != len(b.rows) {
			return len(b.rows) - len(a.rows)
		}
		return slices.Compare(a.key[:], b.key[:])
	})
	classes := 0
	for _, label := range labels {
		classes = max(classes, label+1)
	}
	have, size := make([][]int, k), make([]int, k) // rows by fold and class, and by fold
	for f := range have {
		have[f] = make([]int, classes)
	}
	for _, group := range order {
		best, lowest := 0, 0
		for f := range k {
			load := 0 // how full the fold is of the group's classes, then altogether
			for _, i := range group.rows {
				load += have[f][labels[i]]
			}
			if load = load*(len(labels)+1) + size[f]; f == 0 || load < lowest {
				best, lowest = f, load
			}
		}
		for _, i := range group.rows {
			fold[i] = best
			have[best][labels[i]]++
			size[best]++
		}
	}
	return fold
}
