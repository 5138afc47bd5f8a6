package imagefolder

import (
	"cmp"
	"slices"
)

// chunkBits is the length of the pieces by which fingerprints are indexed: two that differ in fewer bits than they have pieces
// agree in at least one piece, so that only images that share one have to be compared.
const (
	chunkBits = 8
	chunks    = 256 / chunkBits
)

// groups joins items that show the same image, directly or over others, and returns every item's group. Items alone are
// groups of one. Ordered by the first item.
func groups(items []Item, prints []Fingerprint, nearBits int) [][]int {
	sets := newSets(len(items))
	first := map[string]int{}
	for i, item := range items {
		if j, ok := first[item.SHA256]; ok {
			sets.join(i, j)
		} else {
			first[item.SHA256] = i
		}
	}
	if nearBits >= 0 {
		joinNear(sets, prints, first, nearBits)
	}
	return sets.lists()
}

// joinNear compares one image of each content with the others that share a piece of the fingerprint.
func joinNear(sets *sets, prints []Fingerprint, first map[string]int, nearBits int) {
	unique := make([]int, 0, len(first))
	for _, i := range first {
		unique = append(unique, i)
	}
	slices.Sort(unique)
	nearBits = min(nearBits, chunks-1)
	for piece := range chunks {
		buckets := map[uint8][]int{}
		for _, i := range unique {
			key := chunkOf(prints[i], piece)
			for _, j := range buckets[key] {
				if !sets.joined(i, j) && prints[i].near(prints[j], nearBits) {
					sets.join(i, j)
				}
			}
			buckets[key] = append(buckets[key], i)
		}
	}
}

// chunkOf takes every 32nd bit, so that a piece covers the whole image and a plain background does not make all pieces equal.
func chunkOf(f Fingerprint, piece int) (key uint8) {
	for k := range chunkBits {
		i := k*chunks + piece
		key |= uint8(f.Bits[i/64]>>(i%64)&1) << k
	}
	return key
}

// sets is a disjoint-set forest.
type sets struct{ parent []int }

func newSets(n int) *sets {
	s := &sets{parent: make([]int, n)}
	for i := range s.parent {
		s.parent[i] = i
	}
	return s
}

func (s *sets) root(i int) int {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

func (s *sets) joined(i, j int) bool { return s.root(i) == s.root(j) }

func (s *sets) join(i, j int) {
	a, b := s.root(i), s.root(j)
	s.parent[max(a, b)] = min(a, b)
}

func (s *sets) lists() [][]int {
	members := map[int][]int{}
	for i := range s.parent {
		members[s.root(i)] = append(members[s.root(i)], i)
	}
	lists := make([][]int, 0, len(members))
	for _, list := range members {
		lists = append(lists, list)
	}
	slices.SortFunc(lists, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return lists
}
