package wire

import (
	"encoding/hex"
	"sync"
)

// replayWindow is how many of the latest signatures are remembered, at least; ipykernel remembers as many.
const replayWindow = 1 << 16

// A Decoder decodes what a socket receives and refuses a message that was received before.
//
// Two generations of signatures are kept and the older one is forgotten whole, so memory is bounded and lookup is cheap.
type Decoder struct {
	signer *Signer

	mu         sync.Mutex
	young, old map[[16]byte]struct{}
}

// NewDecoder returns a decoder that has seen nothing.
func NewDecoder(signer *Signer) *Decoder {
	return &Decoder{signer: signer, young: map[[16]byte]struct{}{}}
}

// Decode is Signer.Decode for a message that must be new. Without a key nothing can be told apart, all is taken.
func (d *Decoder) Decode(frames [][]byte) (Message, error) {
	m, signature, err := d.signer.decode(frames)
	if err != nil || len(d.signer.key) == 0 {
		return m, err
	}
	var digest [16]byte // half of the HMAC tells messages apart as well as all of it
	if _, err := hex.Decode(digest[:], signature[:2*len(digest)]); err != nil {
		return Message{}, ErrSignature
	}
	if !d.remember(digest) {
		return Message{}, ErrReplayed
	}
	return m, nil
}

func (d *Decoder) remember(digest [16]byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, young := d.young[digest]
	_, old := d.old[digest]
	if young || old {
		return false
	}
	if len(d.young) >= replayWindow {
		d.old, d.young = d.young, map[[16]byte]struct{}{}
	}
	d.young[digest] = struct{}{}
	return true
}
