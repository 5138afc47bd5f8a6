package once

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestATokenRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answers Answers
		var ran atomic.Int32
		release := make(chan struct{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				data, err := answers.Do(t.Context(), "a", func() []byte {
					<-release
					return fmt.Append(nil, ran.Add(1))
				})
				if string(data) != "1" || err != nil {
					t.Errorf("answered %q, %v", data, err)
				}
			})
		}
		synctest.Wait()
		close(release)
		all.Wait()
		if data, _ := answers.Do(t.Context(), "a", func() []byte { return []byte("again") }); string(data) != "1" {
			t.Errorf("later it is answered %q", data)
		}
		for _, other := range []string{"b", "", ""} {
			if data, _ := answers.Do(t.Context(), other, func() []byte { return fmt.Append(nil, ran.Add(1)) }); string(data) == "1" {
				t.Errorf("token %q has the answer of another", other)
			}
		}
	})
}

func TestWhoWaitsForAnAnswerCanLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answers Answers
		release := make(chan struct{})
		go func() { _, _ = answers.Do(t.Context(), "a", func() []byte { <-release; return nil }) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := answers.Do(ctx, "a", func() []byte { t.Error("it runs twice"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
		close(release)
	})
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	for name, size := range map[string]int{"many": 1, "large": 3 << 20, "beyond all bounds": maxBytes + 1} {
		t.Run(name, func(t *testing.T) {
			var answers Answers
			for i := range 3 * maxAnswers {
				_, _ = answers.Do(t.Context(), fmt.Sprint(i), func() []byte { return bytes.Repeat([]byte{1}, size) })
				if len(answers.kept) > maxAnswers || answers.bytes > maxBytes || len(answers.oldest) != len(answers.kept) {
					t.Fatalf("after %d: %d answers of %d bytes, %d in order", i, len(answers.kept), answers.bytes, len(answers.oldest))
				}
			}
		})
	}
}
