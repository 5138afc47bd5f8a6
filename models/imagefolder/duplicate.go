package imagefolder

import (
	"cmp"
	"maps"
	"slices"
)

// A cluster is a set of items that show the same image: each has the leader's bytes or is nearly equal to it.
//
// Clusters are not joined over a common neighbor. The frames of one video would become one that way, whose first and last
// image have nothing in common.
type cluster struct {
	leader int
	items  []int // ascending, with the leader
}

// clusters are all items, each in one cluster.
type clusters struct {
	list   []cluster // by the first item
	across [][2]int  // pairs of nearly equal items of different clusters; the second is a leader
}

// findClusters takes the items in the order of their contents' hashes, so that the clusters do not depend on names.
func findClusters(items []Item, prints []Fingerprint, nearBits int) clusters {
	copies := map[string][]int{} // items, by content
	for i, item := range items {
		copies[item.SHA256] = append(copies[item.SHA256], i)
	}
	var found clusters
	members := map[int][]int{} // by leader
	index := newNearIndex(prints, len(copies), nearBits)
	for _, content := range slices.Sorted(maps.Keys(copies)) {
		i := copies[content][0]
		leaders := index.near(i)
		if len(leaders) == 0 {
			index.add(i)
			members[i] = append(members[i], copies[content]...)
			continue
		}
		members[leaders[0]] = append(members[leaders[0]], copies[content]...)
		for _, other := range leaders[1:] {
			found.across = append(found.across, [2]int{i, other})
		}
	}
	for leader, list := range members {
		slices.Sort(list)
		found.list = append(found.list, cluster{leader, list})
	}
	slices.SortFunc(found.list, func(a, b cluster) int { return cmp.Compare(a.items[0], b.items[0]) })
	return found
}
