package imagefolder

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// split assigns a side to every item whose side is empty. Groups are lists of items that stay together; every item without
// a side is in exactly one of them.
//
// The order in which groups are taken is that of SHA-256(seed, smallest content hash in the group): it depends on nothing but
// the seed and the files' contents, so that it is the same on every machine, and a file that is renamed stays on its side.
// Each class gives the rounded share of its images to val and test, at least one where it has enough, and keeps at least
// one for training. A group goes to a side only where it fits in each of its classes, else to train.
func split(items []Item, groups [][]int, classes int, val, test float64, seed int64) {
	quota := shares(items, groups, classes, val, test)
	order := make([]keyed, len(groups))
	for i, group := range groups {
		order[i] = keyed{groupKey(items, group, seed), group}
	}
	slices.SortFunc(order, func(a, b keyed) int { return slices.Compare(a.key[:], b.key[:]) })
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
}

type keyed struct {
	key   [sha256.Size]byte
	group []int
}

func groupKey(items []Item, group []int, seed int64) [sha256.Size]byte {
	smallest := slices.MinFunc(group, func(a, b int) int { return cmp.Compare(items[a].SHA256, items[b].SHA256) })
	return hashOf(seed, 0, items[smallest].SHA256)
}

// hashOf is the package's only source of chance: SHA-256 of the seed and the epoch as 8 bytes, big endian, and a text.
func hashOf(seed int64, epoch int, text string) [sha256.Size]byte {
	data := binary.BigEndian.AppendUint64(nil, uint64(seed))
	data = binary.BigEndian.AppendUint64(data, uint64(epoch))
	return sha256.Sum256(append(data, text...))
}

// shares returns how many images of each class val and test get.
func shares(items []Item, groups [][]int, classes int, val, test float64) map[string][]int {
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
			name  string
			share float64
		}{{Val, val}, {Test, test}} {
			if side.share <= 0 || left < 1 {
				continue
			}
			q := min(max(int(math.Round(float64(n)*side.share)), 1), left)
			quota[side.name][label] = q
			left -= q
		}
	}
	return quota
}

// fits says whether a side still wants all images of a group.
func fits(items []Item, group, quota []int) bool {
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
