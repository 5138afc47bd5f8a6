package zmq

import (
	"bufio"
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzFrames feeds arbitrary bytes: no panic, no more memory than the limit, and what is read can be written again.
func FuzzFrames(f *testing.F) {
	f.Add(encodeMessage([][]byte{[]byte("a"), {}, bytes.Repeat([]byte("b"), 300)}))
	f.Add([]byte{flagLong, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{flagMore, 0, flagMore, 0, flagMore, 0})
	f.Add([]byte{flagCommand, 5, 4, 'P', 'I', 'N', 'G'})
	f.Fuzz(func(t *testing.T, data []byte) {
		const limit = 1 << 10
		reader := frameReader{r: bufio.NewReader(bytes.NewReader(data)), max: limit}
		for {
			frames, command, _, err := reader.next()
			if errors.Is(err, ErrTooLarge) {
				continue
			}
			if err != nil {
				return
			}
			total := 0
			for _, frame := range frames {
				total += len(frame) + frameCost
			}
			if total > limit {
				t.Fatalf("a message of %d bytes passed a limit of %d", total, limit)
			}
			if command {
				continue
			}
			again := frameReader{r: bufio.NewReader(bytes.NewReader(encodeMessage(frames))), max: limit}
			got, _, _, err := again.next()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(frames, got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
