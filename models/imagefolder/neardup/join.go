package neardup

import (
	"cmp"
	"math/bits"
	"slices"
)

// A nearPair are two near-duplicates, as numbers in the order in which the images are taken.
type nearPair struct{ late, early, distance int32 }

// compare sorts the pairs of a late one by their distance.
func (p nearPair) compare(q nearPair) int {
	return cmp.Or(cmp.Compare(p.late, q.late), cmp.Compare(p.distance, q.distance), cmp.Compare(p.early, q.early))
}

// Limits of a join, for each image. Past them the images have so much in common that an index of the leaders takes less.
const (
	maxLooks   = 2_000 // at pairs of a bucket, of a nanosecond each
	partLooks  = 8     // or, if that is more, this part of all images
	looksOfOne = 32    // that take as long as a comparison of two images
	maxPairs   = 16    // that are found, with those that are found again
)

// manyImages are so many that halves of a band tell too few of them apart.
const manyImages = 1 << 15

// join finds all pairs of near-duplicates, sorted, a pair perhaps more than once. It says false where that is too much work.
//
// Two fingerprints that differ in at most k bits have one of k+1 parts in common. So for each part the images are put into buckets by it,
// and those of a bucket are compared. What is read is side by side: the time of an image hardly grows as the images outgrow the
// processor's caches, which that of a search in tables does.
func join(prints []Fingerprint, items []int, nearBits int) (found []nearPair, ok bool) {
	if len(items) < manyImages {
		return joinBy(halves(nearBits)[:nearBits+1], prints, items, nearBits)
	}
	return joinBy(threeQuarters(nearBits), prints, items, nearBits)
}

func joinBy(parts []part, prints []Fingerprint, items []int, nearBits int) (found []nearPair, ok bool) {
	all := make([][4]uint64, len(items))
	folded := make([]uint64, len(items))
	for n, i := range items {
		all[n] = prints[i].Bits
		folded[n] = prints[i].folded()
	}
	number := make([]uint32, len(items)) // of the bucket
	sorted, order := make([]uint64, len(items)), make([]int32, len(items))
	looks, most := 0, max(maxLooks, len(items)/partLooks)*len(items)
	for _, part := range parts {
		width := min(bits.Len(uint(len(items))), part.size)
		end := make([]int32, 1<<width+1) // of each bucket, in the end
		for n := range all {
			number[n] = uint32(part.hash(&all[n]) >> (64 - width))
			end[number[n]+1]++
		}
		for at, size := range end[1:] {
			looks += int(size) * int(size-1) / 2
			end[at+1] += end[at]
		}
		if looks > most {
			return nil, false
		}
		for n, at := range number {
			sorted[end[at]], order[end[at]] = folded[n], int32(n)
			end[at]++
		}
		begin := int32(0)
		for _, end := range end[:1<<width] {
			bucket, members := sorted[begin:end], order[begin:end]
			begin = end
			for n, f := range bucket {
				for m, g := range bucket[n+1:] {
					if bits.OnesCount64(f^g) <= nearBits {
						looks += looksOfOne
						found = addNear(found, prints, items, members[n+1+m], members[n], nearBits)
					}
				}
			}
			if looks > most || len(found) > maxPairs*len(items) {
				return nil, false
			}
		}
	}
	slices.SortFunc(found, nearPair.compare)
	return found, true
}

// addNear compares two images.
func addNear(found []nearPair, prints []Fingerprint, items []int, late, early int32, nearBits int) []nearPair {
	f, other := &prints[items[late]], &prints[items[early]]
	distance := f.Distance(*other)
	if distance > nearBits || !f.nearColors(other) {
		return found
	}
	return append(found, nearPair{late, early, int32(distance)})
}
