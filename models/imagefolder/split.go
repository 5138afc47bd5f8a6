package imagefolder

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// split assigns a subset to every item whose subset is empty. Groups are lists of items that stay together; every item without
// a subset is in exactly one of them.
//
// The order in which groups are taken is that of SHA-256(seed, smallest content hash in the group): it depends on nothing but
// the seed and the files' contents, so that it is the same on every machine, and a file that is renamed stays in its subset.
// Each class gives the rounded fraction of its images to val and test, at least one where it has enough, and keeps at least
// one for training. A group goes to a subset only where it fits in each of its classes, else to train. Where that leaves a class
// without any in val or test, since all its groups are larger than the fraction, a group comes out of train after all.
func split(items []Item, groups [][]int, classes int, val, test float64, seed int64) {
	quota := quotas(items, groups, classes, val, test)
	order := make([]keyed, len(groups))
	for i, group := range groups {
		order[i] = keyed{groupKey(items, group, seed), group}
	}
	slices.SortFunc(order, func(a, b keyed) int { return bytes.Compare(a.key[:], b.key[:]) })
	for _, entry := range order {
		side := Train
		for _, candidate := range []string{Test, Val} {
			if fits(items, entry.group, quota[candidate]) {
				side = candidate
				break
			}
		}
		for _, i := range entry.group {
			items[i].Split = side
			if side != Train {
				quota[side][items[i].Label]--
			}
		}
	}
	for _, side := range []string{Test, Val} {
		for label, wanted := range quota[side] {
			if wanted > 0 && !slices.ContainsFunc(items, func(i Item) bool { return i.Split == side && i.Label == label }) {
				giveSmallest(items, order, label, side)
			}
		}
	}
}

// giveSmallest moves the group with the fewest images from train to a subset that has none of a class, unless nothing of one of its
// classes would be left to train on.
func giveSmallest(items []Item, order []keyed, label int, side string) {
	left := map[int]int{} // training images, by class
	for _, i := range items {
		if i.Split == Train {
			left[i.Label]++
		}
	}
	var smallest []int
	for _, entry := range order {
		need := map[int]int{}
		for _, i := range entry.group {
			need[items[i].Label]++
		}
		spares := len(entry.group) > 0 && items[entry.group[0]].Split == Train && need[label] > 0
		for l, n := range need {
			spares = spares && left[l] > n
		}
		if spares && (smallest == nil || len(entry.group) < len(smallest)) {
			smallest = entry.group
		}
	}
	for _, i := range smallest {
		items[i].Split = side
	}
}

type keyed struct {
	key   [sha256.Size]byte
	group []int
}

func groupKey(items []Item, group []int, seed int64) [sha256.Size]byte {
	smallest := slices.MinFunc(group, func(a, b int) int { return items[a].SHA256.Compare(items[b].SHA256) })
	return hashOf(seed, 0, items[smallest].SHA256.String())
}

// hashOf is the package's only source of randomness: SHA-256 of the seed and the epoch as 8 bytes, big endian, and a text.
func hashOf(seed int64, epoch int, text string) [sha256.Size]byte {
	data := binary.BigEndian.AppendUint64(nil, uint64(seed))
	data = binary.BigEndian.AppendUint64(data, uint64(epoch))
	return sha256.Sum256(append(data, text...))
}

// quotas returns how many images of each class val and test get.
func quotas(items []Item, groups [][]int, classes int, val, test float64) map[string][]int {
	count := make([]int, classes)
	for _, group := range groups {
		for _, i := range group {
			count[items[i].Label]++
		}
	}
	quota := map[string][]int{Val: make([]int, classes), Test: make([]int, classes)}
	for label, n := range count {
		left := n - 1 // one stays for training
		for _, side := range []struct {
			name     string
			fraction float64
		}{{Val, val}, {Test, test}} {
			if side.fraction <= 0 || left < 1 {
				continue
			}
			q := min(max(int(math.Round(float64(n)*side.fraction)), 1), left)
			quota[side.name][label] = q
			left -= q
		}
	}
	return quota
}

// fits says whether a subset still wants all images of a group.
func fits(items []Item, group, quota []int) bool {
	if len(group) == 1 { // as most are
		return quota[items[group[0]].Label] > 0
	}
	need := map[int]int{}
	for _, i := range group {
		need[items[i].Label]++
		if need[items[i].Label] > quota[items[i].Label] {
			return false
		}
	}
	return true
}

// Shuffled returns a copy of items in an order that depends on seed and epoch alone.
func Shuffled(items []int, seed int64, epoch int) []int {
	type entry struct {
		key  [sha256.Size]byte
		item int
	}
	entries := make([]entry, len(items))
	var text [8]byte
	for i, item := range items {
		binary.BigEndian.PutUint64(text[:], uint64(item))
		entries[i] = entry{hashOf(seed, epoch, string(text[:])), item}
	}
	slices.SortFunc(entries, func(a, b entry) int { return slices.Compare(a.key[:], b.key[:]) })
	shuffled := make([]int, len(items))
	for i, e := range entries {
		shuffled[i] = e.item
	}
	return shuffled
}
