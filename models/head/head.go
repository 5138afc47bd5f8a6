// Package head is the small network that is trained on top of a backbone, written as text such as
// "dense:256:relu,dropout:0.3".
package head

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Default is the classic head of the Keras tutorials; the layer that gives the classes follows it by itself.
const Default = "dense:256:relu"

// None is the head without a hidden layer.
const None = "none"

// Limits of what a text may ask for; a head is small by definition.
const (
	maxLayers = 64
	maxUnits  = 1 << 16
)

// Kind names a layer of a head.
type Kind string

// The layers that a head is made of.
const (
	Dense      Kind = "dense"
	Dropout    Kind = "dropout"
	BatchNorm  Kind = "batchnorm"
	LayerNorm  Kind = "layernorm"
	Flatten    Kind = "flatten"
	AvgPool    Kind = "avgpool" // mean over height and width
	UnitNorm   Kind = "l2norm"  // each part of the vector divided by its Euclidean length
	Activation Kind = "activation"
)

// A Layer is one word of a head's text.
type Layer struct {
	Kind       Kind
	Units      int     // of dense
	Activation string  // of dense and activation; empty: none
	Rate       float64 // of dropout: the fraction that is dropped, in [0, 1)
}

// A Spec is a head before it is built. Its last dense layer, the one that gives the logits, is not part of it.
type Spec struct {
	Layers []Layer
}

// Activations lists the names that a dense layer takes.
func Activations() []string {
	return []string{"relu", "gelu", "silu", "tanh", "sigmoid", "elu", "selu", "leakyrelu"}
}

// Parse reads a head. The words are separated by commas: dense:UNITS[:ACTIVATION], dropout:RATE, batchnorm, layernorm,
// l2norm, flatten, avgpool, or the name of an activation. "none" is the head without a hidden layer; the empty text is Default.
func Parse(text string) (Spec, error) {
	text = strings.TrimSpace(text)
	switch text {
	case "":
		text = Default
	case None:
		return Spec{}, nil
	}
	words := strings.Split(text, ",")
	if len(words) > maxLayers {
		return Spec{}, fmt.Errorf("head %.40q... must have at most %d layers; got %d", text, maxLayers, len(words))
	}
	var spec Spec
	for _, word := range words {
		layer, err := parseLayer(strings.ToLower(strings.TrimSpace(word)))
		if err != nil {
			return Spec{}, fmt.Errorf("head %q: %w", text, err)
		}
		spec.Layers = append(spec.Layers, layer)
	}
	return spec, nil
}

func parseLayer(word string) (Layer, error) {
	parts := strings.Split(word, ":")
	name, args := parts[0], parts[1:]
	switch Kind(name) {
	case Dense:
		return parseDense(word, args)
	case Dropout:
		if len(args) != 1 {
			return Layer{}, fmt.Errorf("%q: write dropout:RATE, such as dropout:0.3", word)
		}
		rate, err := strconv.ParseFloat(args[0], 64)
		if err != nil || !(rate >= 0 && rate < 1) {
			return Layer{}, fmt.Errorf("%q: the rate must be a fraction from 0 to below 1", word)
		}
		return Layer{Kind: Dropout, Rate: rate}, nil
	case BatchNorm, LayerNorm, UnitNorm, Flatten, AvgPool:
		if len(args) != 0 {
			return Layer{}, fmt.Errorf("%q: %s takes no arguments", word, name)
		}
		return Layer{Kind: Kind(name)}, nil
	}
	if activation, ok := activationName(name); ok && len(args) == 0 && activation != "" {
		return Layer{Kind: Activation, Activation: activation}, nil
	}
	return Layer{}, fmt.Errorf("%q is not a layer: write dense:UNITS:ACTIVATION, dropout:RATE, batchnorm, layernorm, l2norm, "+
		"flatten, avgpool or an activation (%s)", word, strings.Join(Activations(), ", "))
}

func parseDense(word string, args []string) (Layer, error) {
	if len(args) < 1 || len(args) > 2 {
		return Layer{}, fmt.Errorf("%q: write dense:UNITS or dense:UNITS:ACTIVATION, such as dense:256:relu", word)
	}
	units, err := strconv.Atoi(args[0])
	if err != nil || units < 1 || units > maxUnits {
		return Layer{}, fmt.Errorf("%q: the units must be a whole number from 1 to %d", word, maxUnits)
	}
	layer := Layer{Kind: Dense, Units: units}
	if len(args) == 2 {
		activation, ok := activationName(args[1])
		if !ok {
			return Layer{}, fmt.Errorf("%q: the activation must be one of %s, none; got %q", word,
				strings.Join(Activations(), ", "), args[1])
		}
		layer.Activation = activation
	}
	return layer, nil
}

// activationName brings the names that other libraries use to ours; none, linear and the empty string give "".
func activationName(name string) (string, bool) {
	switch name {
	case "", "none", "linear":
		return "", true
	case "swish":
		return "silu", true
	case "leaky_relu":
		return "leakyrelu", true
	}
	return name, slices.Contains(Activations(), name)
}

// String writes the head so that Parse reads it back.
func (s Spec) String() string {
	if len(s.Layers) == 0 {
		return "none"
	}
	words := make([]string, len(s.Layers))
	for i, layer := range s.Layers {
		words[i] = layer.String()
	}
	return strings.Join(words, ",")
}

// String writes one layer as Parse reads it.
func (l Layer) String() string {
	switch {
	case l.Kind == Dense && l.Activation != "":
		return fmt.Sprintf("dense:%d:%s", l.Units, l.Activation)
	case l.Kind == Dense:
		return fmt.Sprintf("dense:%d", l.Units)
	case l.Kind == Dropout:
		return "dropout:" + strconv.FormatFloat(l.Rate, 'g', -1, 64)
	case l.Kind == Activation:
		return l.Activation
	}
	return string(l.Kind)
}
