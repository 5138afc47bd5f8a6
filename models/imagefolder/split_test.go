package imagefolder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// randomItems are items of a few classes, of which some hang together in groups, also across classes.
func randomItems(random *rand.Rand) (items []Item, together [][]int, classes int) {
	classes = 2 + random.IntN(5)
	for i := range 20 + random.IntN(200) {
		hash := hashOf(random.Int64(), i, "content")
		items = append(items, Item{Path: fmt.Sprint(i), Label: random.IntN(classes), SHA256: hash})
	}
	free := random.Perm(len(items))
	for len(free) > 0 {
		n := 1
		if random.IntN(8) == 0 {
			n = min(1+random.IntN(4), len(free))
		}
		group := slices.Clone(free[:n])
		slices.Sort(group)
		together, free = append(together, group), free[n:]
	}
	return items, together, classes
}

func TestSplitProperties(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		items, together, classes := randomItems(random)
		val, test := 0.05+0.4*random.Float64(), 0.4*random.Float64()
		split(items, together, classes, val, test, int64(seed))

		largest := make([]int, classes) // group, in images of a class
		for _, group := range together {
			mine := make([]int, classes)
			for _, i := range group {
				if items[i].Split != items[group[0]].Split {
					t.Fatalf("seed %d: group %v is torn apart", seed, group)
				}
				mine[items[i].Label]++
			}
			for label, n := range mine {
				largest[label] = max(largest[label], n)
			}
		}
		count := map[string][]int{Train: make([]int, classes), Val: make([]int, classes), Test: make([]int, classes)}
		all := make([]int, classes)
		for _, item := range items {
			count[item.Split][item.Label]++
			all[item.Label]++
		}
		for label, n := range all {
			for side, share := range map[string]float64{Val: val, Test: test} {
				want := int(math.Round(float64(n) * share))
				got := count[side][label]
				if n > 10 && (got > max(want, 1) || got < want-largest[label]) {
					t.Errorf("seed %d: class %d has %d of %d in %s, want %d give or take a group of %d", seed, label, got, n, side, want, largest[label])
				}
			}
			if n > 0 && count[Train][label] == 0 {
				t.Errorf("seed %d: class %d has nothing to train on", seed, label)
			}
		}
	}
}

func TestSplitDoesNotDependOnOrderOrNames(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	items, together, classes := randomItems(random)
	split(items, together, classes, 0.3, 0.1, 42)
	want := map[digest.Sum]string{}
	for _, item := range items {
		want[item.SHA256] = item.Split
	}
	where := random.Perm(len(items))
	moved := make([]Item, len(items))
	for from, to := range where {
		moved[to] = items[from]
		moved[to].Path, moved[to].Split = fmt.Sprintf("renamed%d", to), ""
	}
	var groups [][]int
	for _, group := range together {
		var other []int
		for _, i := range group {
			other = append(other, where[i])
		}
		groups = append(groups, other)
	}
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	split(moved, groups, classes, 0.3, 0.1, 42)
	got := map[digest.Sum]string{}
	for _, item := range moved {
		got[item.SHA256] = item.Split
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	split(moved, groups, classes, 0.3, 0.1, 43)
	same := true
	for _, item := range moved {
		same = same && want[item.SHA256] == item.Split
	}
	if same {
		t.Error("another seed gives the same split")
	}
}

func TestSplitOfTinyClasses(t *testing.T) {
	for n, want := range map[int][3]int{1: {1, 0, 0}, 2: {1, 1, 0}, 3: {1, 1, 1}, 4: {2, 1, 1}} {
		var items []Item
		var alone [][]int
		for i := range n {
			items = append(items, Item{SHA256: digest.Of([]byte{byte(i)})})
			alone = append(alone, []int{i})
		}
		split(items, alone, 1, 0.2, 0.1, 1)
		var got [3]int
		for _, item := range items {
			got[slices.Index([]string{Train, Val, Test}, item.Split)]++
		}
		if got != want {
			t.Errorf("%d images are split %v, want %v", n, got, want)
		}
	}
}

func TestShuffled(t *testing.T) {
	items := []int{5, 9, 2, 7, 100, 3, 8, 1}
	first := Shuffled(items, 42, 0)
	// The promise that the order is the same on every machine.
	if diff := cmp.Diff([]int{1, 9, 7, 3, 2, 100, 8, 5}, first); diff != "" {
		t.Error(diff)
	}
	if slices.Equal(first, Shuffled(items, 42, 1)) || slices.Equal(first, Shuffled(items, 43, 0)) {
		t.Error("another epoch or seed gives the same order")
	}
	sorted := slices.Clone(first)
	slices.Sort(sorted)
	if diff := cmp.Diff([]int{1, 2, 3, 5, 7, 8, 9, 100}, sorted); diff != "" {
		t.Error(diff)
	}
}

// Where the folders bring a split, a fraction that was asked for is not left out without a word.
func TestFractionsThatAGivenSplitLeavesUnused(t *testing.T) {
	files := map[string]string{}
	for _, side := range []string{"train", "val"} {
		for name, content := range someFiles(t, 4, "a", "b") {
			files[side+"/"+name] = content + side
		}
	}
	dir := testfile.Write(t, files)
	for want, o := range map[string]Options{
		"":                               options(func(*Options) {}),
		"fraction for test (30 %)":       options(func(o *Options) { o.Test = 0.3 }),
		"fraction for validation (40 %)": options(func(o *Options) { o.Val = 0.4 }),
		"fractions for validation (40 %) and test (30 %)": options(func(o *Options) { o.Val, o.Test = 0.4, 0.3 }),
	} {
		n, ok := noteOf(mustLoad(t, dir, o), CodeSplit)
		if ok != (want != "") || !strings.Contains(n.Sentence, want) {
			t.Errorf("val %g, test %g: %+v", o.Val, o.Test, n)
		}
	}
}
