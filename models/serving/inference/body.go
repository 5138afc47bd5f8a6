package inference

import (
	"errors"
	"io"
)

const firstRead = 64 << 10 // bytes

// A Body is what a request has sent. It counts as held until it is released.
type Body struct {
	Data []byte

	held    int64
	service *Service
}

// Release gives back what the body counts for. It may be called twice.
func (b *Body) Release() {
	b.service.memory.Release(b.held)
	b.held = 0
}

// Read reads a body to its end. Room grows with what really arrives, so that a length that is only claimed takes none. More than
// the limit is a LimitError, more than all requests together may hold an OverloadError.
func (s *Service) Read(r io.Reader) (*Body, error) {
	b := &Body{service: s}
	if err := b.fill(r); err != nil {
		b.Release()
		return nil, err
	}
	return b, nil
}

func (b *Body) fill(r io.Reader) error {
	limit := b.service.limits.Body
	for room := min(int64(firstRead), limit); ; room = min(2*room, limit) {
		if !b.service.memory.TryAcquire(room - b.held) {
			return &OverloadError{What: "the requests that it holds take all the memory for them"}
		}
		b.held = room
		larger := make([]byte, len(b.Data), room)
		copy(larger, b.Data)
		b.Data = larger
		for int64(len(b.Data)) < room {
			n, err := r.Read(b.Data[len(b.Data):room])
			b.Data = b.Data[:len(b.Data)+n]
			if err == io.EOF { //nolint:errorlint // a body that was cut off is an io.ErrUnexpectedEOF, and a wrapped io.EOF is not the end
				return nil
			}
			if err != nil {
				return err
			}
		}
		if room == limit {
			return b.end(r)
		}
	}
}

// end checks that nothing follows what was read.
func (b *Body) end(r io.Reader) error {
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		if n > 0 {
			return &LimitError{What: "bytes in a request", Limit: b.service.limits.Body}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
