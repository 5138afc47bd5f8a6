// Package head is the small network that is trained on top of a backbone, written as text such as
// "dense:256:relu,dropout:0.3".
package head

// Default is the classic head of the Keras tutorials; the layer that gives the classes follows it by itself.
const Default = "dense:256:relu"

// Kind names a layer of a head.
type Kind string

// The layers that a head is made of.
const (
	Dense     Kind = "dense"
	Dropout   Kind = "dropout"
	BatchNorm Kind = "batchnorm"
	LayerNorm Kind = "layernorm"
	Flatten   Kind = "flatten"
)

// A Layer is one word of a head's text.
type Layer struct {
	Kind       Kind
	Units      int     // of dense
	Activation string  // of dense: "", relu, gelu, silu, tanh, sigmoid, elu, selu, leakyrelu
	Rate       float64 // of dropout: the share that is dropped, in [0, 1)
}

// A Spec is a head before it is built. Its last dense layer, the one that gives the logits, is not part of it.
type Spec struct {
	Layers []Layer
}
