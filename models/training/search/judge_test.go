package search

import "testing"

// A classifier on frozen features that is right as often as the best trial is the choice, whatever the sum over the folds is rounded to.
func TestAClassifierWinsTies(t *testing.T) {
	lost := 0
	for n := 10; n < 200; n++ { // images that a trial has all right, in folds of the sizes that five have
		sum := 0.0
		for k := range 5 {
			sum += float64((n+k)/5) / float64(n)
		}
		if 1 < sum {
			lost++
		}
		if !atLeast(1, sum) || atLeast(1-1/float64(n), sum) {
			t.Errorf("%d images: all right are not as many as %v, or one less are", n, sum)
		}
	}
	if lost == 0 {
		t.Error("no sum is above 1")
	}
}
