package neardup

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/headstart-nb/headstart/internal/digest"
)

// A Cluster is a set of images that show the same: each has the leader's bytes or is nearly equal to it.
//
// Clusters are not joined over a common neighbor. The frames of one video would become one that way, whose first and last
// image have nothing in common.
type Cluster struct {
	Leader int
	Items  []int // ascending, with the leader
}

// Clusters are the images that show the same. An image that is in none is alone.
type Clusters struct {
	List   []Cluster // of two images or more, by the first item
	Across [][2]int  // pairs of nearly equal images of different clusters; the second is a leader
}

// Find takes the images in the order of the hashes of their contents, so that the clusters do not depend on names. Fingerprints of
// near-duplicates differ in at most nearBits bits, as far as 63; negative: only equal contents count.
func Find(contents []digest.Sum, prints []Fingerprint, nearBits int) Clusters {
	return find(contents, prints, nearBits).clusters()
}

func find(contents []digest.Sum, prints []Fingerprint, nearBits int) pairs {
	byContent, first := sortedByContent(contents)
	near := nearLeaders(prints, first, nearBits)
	found := pairs{leader: make([]int32, len(contents))}
	for n, i := range first {
		leader := i
		if leaders := near(n); len(leaders) > 0 {
			leader = leaders[0]
			for _, other := range leaders[1:] {
				found.across = append(found.across, [2]int{i, other})
			}
		}
		for _, same := range byContent[n] {
			found.leader[same] = int32(leader)
		}
	}
	return found
}

// nearLeaders is a function that is called with 0, 1, 2 and so on. It returns the leaders that are near to that one of the items, the nearest
// first, and of equally near ones the one that became a leader first. An item without such leaders becomes one.
func nearLeaders(prints []Fingerprint, items []int, nearBits int) func(n int) []int {
	nearBits = min(nearBits, mostBits)
	if nearBits < 0 {
		return func(int) []int { return nil }
	}
	if found, ok := join(prints, items, nearBits); ok {
		return leadersOf(found, items)
	}
	index := newIndex(prints, items, nearBits)
	return func(n int) []int {
		leaders := index.near(items[n])
		if len(leaders) == 0 {
			index.add(items[n])
		}
		return leaders
	}
}

// leadersOf are the leaders of nearLeaders by the pairs of near-duplicates.
func leadersOf(found []nearPair, items []int) func(n int) []int {
	follows := make([]bool, len(items)) // by item: it has a leader
	return func(n int) (leaders []int) {
		for i, p := range found {
			if int(p.late) != n {
				found = found[i:]
				break
			}
			if !follows[p.early] && (i == 0 || p != found[i-1]) {
				leaders = append(leaders, items[p.early])
			}
		}
		follows[n] = len(leaders) > 0
		return leaders
	}
}

// sortedByContent are the images of each content, by number, and the first image of each.
func sortedByContent(contents []digest.Sum) (same [][]int, first []int) {
	type keyed struct {
		key  uint64 // the beginning of the hash: all of it is compared where that does not decide
		item int
	}
	list := make([]keyed, len(contents))
	for i, content := range contents {
		list[i] = keyed{binary.BigEndian.Uint64(content[:]), i}
	}
	slices.SortFunc(list, func(a, b keyed) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return cmp.Or(contents[a.item].Compare(contents[b.item]), cmp.Compare(a.item, b.item))
	})
	different := 0
	for n, k := range list {
		if n == 0 || list[n-1].key != k.key || contents[list[n-1].item] != contents[k.item] {
			different++
		}
	}
	same, first = make([][]int, 0, different), make([]int, 0, different)
	items := make([]int, len(list))
	begin := 0
	for n, k := range list {
		items[n] = k.item
		if last := n == len(list)-1; last || list[n+1].key != k.key || contents[list[n+1].item] != contents[k.item] {
			same, first = append(same, items[begin:n+1]), append(first, items[begin])
			begin = n + 1
		}
	}
	return same, first
}

// pairs are what the search finds.
type pairs struct {
	leader []int32 // by item
	across [][2]int
}

// clusters groups the items by their leaders.
func (p pairs) clusters() Clusters {
	found := Clusters{Across: p.across}
	size := make([]int32, len(p.leader))
	for _, leader := range p.leader {
		size[leader]++
	}
	items := 0
	for _, n := range size {
		if n > 1 {
			items += int(n)
		}
	}
	at := make([]int32, len(p.leader)) // by leader: 1 + its cluster
	rest := make([]int, items)         // one array for all clusters
	for i, leader := range p.leader {
		if size[leader] < 2 {
			continue
		}
		if at[leader] == 0 {
			n := size[leader]
			found.List = append(found.List, Cluster{int(leader), rest[:0:n]})
			rest = rest[n:]
			at[leader] = int32(len(found.List))
		}
		c := &found.List[at[leader]-1]
		c.Items = append(c.Items, i)
	}
	return found
}
