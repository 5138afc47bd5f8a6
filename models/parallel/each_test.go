package parallel

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachPieceIsDoneOnce(t *testing.T) {
	for _, workers := range []int{1, 3, 200} {
		calls := make([]int, 100)
		last := -1
		err := Each(t.Context(), workers, len(calls), func(done int) {
			if done < last {
				t.Errorf("%d done after %d", done, last)
			}
			last = done
		}, func(i int) error {
			calls[i]++
			return nil
		})
		want := make([]int, len(calls))
		for i := range want {
			want[i] = 1
		}
		if diff := cmp.Diff(want, calls); err != nil || diff != "" || last != len(calls) {
			t.Errorf("%d workers: %d told, %v: %s", workers, last, err, diff)
		}
	}
}

func TestFailuresAreJoined(t *testing.T) {
	broken := errors.New("broken")
	begun := 0
	err := Each(t.Context(), 1, 100, func(int) {}, func(i int) error {
		begun++
		if i == 3 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) || begun != 4 {
		t.Errorf("%v after %d pieces", err, begun)
	}
}

func TestNothingIsBegunAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	begun := 0
	err := Each(ctx, 1, 100, func(int) {}, func(int) error {
		begun++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || begun != 1 {
		t.Errorf("%v after %d pieces", err, begun)
	}
}
