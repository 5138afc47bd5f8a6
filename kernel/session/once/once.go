// Package once keeps a request that arrives twice from running twice: a front end sends it again after a connection that was lost,
// and cannot know whether the request or its answer was lost with it.
package once

import (
	"context"
	"sync"
)

// Bounds of what is kept for a second request. Answers are small but for pages of thumbnails.
const (
	maxAnswers = 128
	maxBytes   = 16 << 20
)

// Answers are those of the latest requests, by their tokens. The zero value has none. It is safe for concurrent use.
type Answers struct {
	mu     sync.Mutex
	kept   map[string]*answer
	oldest []string // the tokens of what has run, in the order in which it ended
	bytes  int
}

type answer struct {
	done chan struct{}
	data []byte
}

// Do returns what run answers. Where the token was used before, run is not called: the answer is that of the first request, and Do waits for
// it. It ends early with the context's error. An empty token is always new.
func (a *Answers) Do(ctx context.Context, token string, run func() []byte) ([]byte, error) {
	if token == "" {
		return run(), nil
	}
	a.mu.Lock()
	if first, ok := a.kept[token]; ok {
		a.mu.Unlock()
		select {
		case <-first.done:
			return first.data, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	own := &answer{done: make(chan struct{})}
	if a.kept == nil {
		a.kept = map[string]*answer{}
	}
	a.kept[token] = own
	a.mu.Unlock()

	own.data = run()
	close(own.done)
	a.keep(token, len(own.data))
	return own.data, nil
}

// keep counts an answer, and forgets the oldest ones beyond the bounds. What still runs is never forgotten.
func (a *Answers) keep(token string, size int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.oldest = append(a.oldest, token)
	a.bytes += size
	for len(a.oldest) > maxAnswers || a.bytes > maxBytes {
		a.bytes -= len(a.kept[a.oldest[0]].data)
		delete(a.kept, a.oldest[0])
		a.oldest = a.oldest[1:]
	}
}
