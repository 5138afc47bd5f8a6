package training

import (
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
)

// No fold is empty where there are fewer groups than folds, as with three videos.
func TestFoldsOfFewGroups(t *testing.T) {
	device, job := modeltest.PureGo(t), smallJob(t)
	job.Environment.Home = t.TempDir() // the features are computed once
	for groups, want := range map[int]int{1: 0, 2: 2, 3: 3, 12: 5} {
		lists := make([][]int, groups)
		for i, item := range job.Dataset.Select("train") {
			lists[i%groups] = append(lists[i%groups], item)
		}
		job.Dataset.Together = lists
		f, err := OpenFolds(t.Context(), device, job, nil)
		if want == 0 {
			if err == nil {
				t.Errorf("%d group: a head would be judged on the images that it was trained on", groups)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all := 0.0
		for k := range f.Len() {
			if len(f.inside(k)) == 0 || len(f.outside(k)) == 0 {
				t.Errorf("%d groups: fold %d has %d images, and %d are outside", groups, k, len(f.inside(k)), len(f.outside(k)))
			}
			all += f.Share(k)
		}
		if f.Len() != want || all < 0.999 || all > 1.001 {
			t.Errorf("%d groups: %d folds, want %d; their shares are %g in all", groups, f.Len(), want, all)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
