package zmq

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Flag bits of a ZMTP frame.
const (
	flagMore    = 1 << 0
	flagLong    = 1 << 1
	flagCommand = 1 << 2
)

// frameCost is what a frame counts beside its bytes, so that a million empty ones are not free.
const frameCost = 32

// ErrTooLarge says that a message was larger than Options.MaxMessage, or than what is left for all connections together.
var ErrTooLarge = errors.New("the message is too large")

var errFraming = errors.New("the frames are not ZMTP's")

// A frameReader reads messages from a connection after its handshake.
type frameReader struct {
	r   *bufio.Reader
	max int64
	// budget is what the next message is charged to; nil, or a result of nil, means none.
	budget func() *budget
}

// next returns the frames of the next message, whether it is a command of the protocol itself, and what it holds of the
// budget; the caller releases that. After ErrTooLarge, with all of the message skipped, reading may go on.
func (f *frameReader) next() (frames [][]byte, command bool, held charge, err error) {
	if f.budget != nil {
		held.from = f.budget()
	}
	defer func() {
		if err != nil {
			held.release()
		}
	}()
	var total int64
	var refused error
	for more := true; more; {
		flags, size, err := readFrameHeader(f.r)
		if err != nil {
			return nil, false, held, err
		}
		more = flags&flagMore != 0
		command = command || flags&flagCommand != 0
		if total += frameCost; size <= f.max {
			total += size
		} else {
			total = f.max + 1
		}
		var frame []byte
		if refused == nil && total > f.max {
			refused = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, f.max)
		}
		if refused == nil {
			var whole bool
			if frame, whole, err = readBody(f.r, size, &held); err != nil {
				return nil, false, held, err
			} else if !whole {
				refused = fmt.Errorf("%w: the connections hold as much as they may together", ErrTooLarge)
				size -= int64(len(frame))
			}
		}
		if refused != nil {
			frames = nil
			held.release()
			if _, err := io.CopyN(io.Discard, f.r, size); err != nil {
				return nil, false, held, err
			}
			continue
		}
		frames = append(frames, frame)
	}
	return frames, command, held, refused
}

func readFrameHeader(r io.Reader) (flags byte, size int64, err error) {
	var head [9]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 0, 0, err
	}
	flags = head[0]
	if flags&^(flagMore|flagLong|flagCommand) != 0 {
		return 0, 0, errFraming
	}
	if flags&flagLong == 0 {
		return flags, int64(head[1]), nil
	}
	if _, err := io.ReadFull(r, head[2:]); err != nil {
		return 0, 0, err
	}
	length := binary.BigEndian.Uint64(head[1:])
	if length > 1<<62 {
		return 0, 0, errFraming
	}
	return flags, int64(length), nil
}

// readBody reads size bytes; memory grows with what arrives, not with what was announced. It is not whole, with the rest
// still to be read, where the budget is used up.
func readBody(r io.Reader, size int64, held *charge) (body []byte, whole bool, err error) {
	const step = 64 << 10
	if !held.add(frameCost) {
		return nil, false, nil
	}
	if size <= step {
		if !held.add(size) {
			return nil, false, nil
		}
		body = make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, true, err
	}
	var buf bytes.Buffer
	for int64(buf.Len()) < size {
		n := min(size-int64(buf.Len()), step)
		if !held.add(n) {
			return buf.Bytes(), false, nil
		}
		if _, err := io.CopyN(&buf, r, n); err != nil {
			return nil, false, err
		}
	}
	return buf.Bytes(), true, nil
}

// appendMessage encodes frames as one message.
func appendMessage(to []byte, frames [][]byte) []byte {
	for i, frame := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags |= flagMore
		}
		to = appendFrame(to, flags, frame)
	}
	return to
}

func appendFrame(to []byte, flags byte, frame []byte) []byte {
	if len(frame) > 255 {
		to = binary.BigEndian.AppendUint64(append(to, flags|flagLong), uint64(len(frame)))
	} else {
		to = append(to, flags, byte(len(frame)))
	}
	return append(to, frame...)
}

func encodeMessage(frames [][]byte) []byte {
	size := 0
	for _, frame := range frames {
		size += 9 + len(frame)
	}
	return appendMessage(make([]byte, 0, size), frames)
}
