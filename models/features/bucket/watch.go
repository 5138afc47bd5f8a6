package bucket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// maxAnswer bounds what a server may answer to a question that is not for an object: a page of a list has at most 1,000 keys.
const maxAnswer = 64 << 20

// watch is a transport that gives up connections which bring nothing for a while.
type watch struct {
	http.RoundTripper
	store *Store
}

var errSilent = errors.New("the storage sends nothing")

func (w watch) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	timer := time.AfterFunc(w.store.silence, func() { cancel(errSilent) })
	end := func() {
		timer.Stop()
		cancel(nil)
	}
	response, err := w.RoundTripper.RoundTrip(request.WithContext(ctx))
	if err != nil {
		if context.Cause(ctx) == errSilent {
			err = errSilent
		}
		end()
		return nil, err
	}
	body := &watchedBody{ReadCloser: response.Body, ctx: ctx, timer: timer, silence: w.store.silence, end: end, left: -1}
	if request.URL.RawQuery != "" || response.StatusCode >= http.StatusBadRequest {
		body.left = maxAnswer
	}
	response.Body = body
	return response, nil
}

type watchedBody struct {
	io.ReadCloser
	ctx     context.Context
	timer   *time.Timer
	silence time.Duration
	end     func()
	left    int64 // bytes that may still come; negative: any number
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("the storage's answer does not end")
	}
	if b.left > 0 {
		p = p[:min(int64(len(p)), b.left)]
	}
	b.timer.Reset(b.silence) // also after a pause of whoever reads
	n, err := b.ReadCloser.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if err != nil && context.Cause(b.ctx) == errSilent {
		err = errSilent
	}
	return n, err
}

func (b *watchedBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
