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

// ErrTooLarge says that a message was larger than Options.MaxMessage.
var ErrTooLarge = errors.New("the message is too large")

var errFraming = errors.New("the frames are not ZMTP's")

// A frameReader reads messages from a connection after its handshake.
type frameReader struct {
	r   *bufio.Reader
	max int64
}

// next returns the frames of the next message, and whether it is a command of the protocol itself. After ErrTooLarge,
// with all of the message skipped, reading may go on.
func (f *frameReader) next() (frames [][]byte, command bool, err error) {
	var total int64
	for more := true; more; {
		flags, size, err := readFrameHeader(f.r)
		if err != nil {
			return nil, false, err
		}
		more = flags&flagMore != 0
		command = command || flags&flagCommand != 0
		if total += frameCost; size <= f.max {
			total += size
		} else {
			total = f.max + 1
		}
		if total > f.max {
			frames = nil
			if _, err := io.CopyN(io.Discard, f.r, size); err != nil {
				return nil, false, err
			}
			continue
		}
		frame, err := readBody(f.r, size)
		if err != nil {
			return nil, false, err
		}
		frames = append(frames, frame)
	}
	if total > f.max {
		return nil, command, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, f.max)
	}
	return frames, command, nil
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

// readBody reads size bytes; memory grows with what arrives, not with what was announced.
func readBody(r io.Reader, size int64) ([]byte, error) {
	const trusted = 64 << 10
	if size <= trusted {
		frame := make([]byte, size)
		_, err := io.ReadFull(r, frame)
		return frame, err
	}
	var buf bytes.Buffer
	_, err := io.CopyN(&buf, r, size)
	return buf.Bytes(), err
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
