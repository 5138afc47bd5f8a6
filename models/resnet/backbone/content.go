package backbone

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"sync"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// contents are the digests of a network's weights, by the stage up to which they go. They are computed once for all cuts and poolings
// of the same weights.
type contents struct {
	mu     sync.Mutex
	stages map[resnet.Stage]string
	top    string
}

// ContentFingerprint is Fingerprint with the weights' own digest in the place of their file's: names, shapes and numbers up to the
// cut, as they were loaded. The same weights in another file, such as that of a saved model, have the same one, and what a file says
// of itself does not count. Where the weights were left out before, ok is false.
func (b *Backbone) ContentFingerprint() (fingerprint string, ok bool) {
	c := b.contents
	c.mu.Lock()
	defer c.mu.Unlock()
	last := b.architecture.Cut.Last()
	if b.HasWeights() && (c.stages[last] == "" || b.Top() && c.top == "") {
		b.digest()
	}
	digest := c.stages[last]
	if b.Top() {
		digest = c.top
	}
	return b.fingerprint("tensors:" + digest), digest != ""
}

// digest computes the digests up to each stage, in one pass. Called with the contents' mu held.
func (b *Backbone) digest() {
	h := sha256.New()
	sum := func() string { return hex.EncodeToString(h.Sum(nil)) }
	stages, done := map[resnet.Stage]string{}, 0
	for _, stage := range b.Stages() {
		list := b.network.Convolutions(stage)
		for _, c := range list[done:] {
			w := b.parameters.layers[c.Name]
			hashTensor(h, c.Name+"/kernel", []int{c.Kernel, c.Kernel, c.In, c.Out}, w.kernel)
			hashTensor(h, c.Name+"/bias", []int{c.Out}, w.bias)
			hashTensor(h, c.Norm+"/gamma", []int{c.Out}, w.scale)
			hashTensor(h, c.Norm+"/beta", []int{c.Out}, w.offset)
			hashTensor(h, c.Norm+"/moving_mean", []int{c.Out}, w.mean)
			hashTensor(h, c.Norm+"/moving_variance", []int{c.Out}, w.variance)
		}
		stages[stage], done = sum(), len(list)
	}
	if b.contents.stages == nil {
		b.contents.stages = map[resnet.Stage]string{}
	}
	maps.Copy(b.contents.stages, stages)
	if kernel, bias, ok := b.TopTensors(); ok {
		hashTensor(h, "top/kernel", kernel.Shape, kernel.Values)
		hashTensor(h, "top/bias", bias.Shape, bias.Values)
		b.contents.top = sum()
	}
}

// hashTensor adds a tensor's name, shape and numbers, as little-endian float32. One that the network does not have has no numbers.
func hashTensor(h hash.Hash, name string, shape []int, values []float32) {
	fmt.Fprintf(h, "%s %v %d\n", name, shape, len(values))
	_ = weights.WriteNumbers(h, values) // a hash takes all
}
