package stepper

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/weights"
)

// An Array is the numbers of one variable on the host.
type Array struct {
	Shape  []int
	Values []float32
}

// A State is arrays by path, such as head/dense_1/kernel.
type State map[string]Array

// Finite tells whether all numbers of a state are.
func (s State) Finite() bool {
	for _, array := range s {
		for _, v := range array.Values {
			if v-v != 0 { // infinite or NaN
				return false
			}
		}
	}
	return true
}

// Toward is the state at a fraction of the way from s to another, which has the same arrays.
func (s State) Toward(other State, fraction float64) State {
	between := make(State, len(s))
	for path, from := range s {
		to := other[path].Values
		values := make([]float32, len(from.Values))
		for i, v := range from.Values {
			values[i] = float32((1-fraction)*float64(v) + fraction*float64(to[i]))
		}
		between[path] = Array{Shape: slices.Clone(from.Shape), Values: values}
	}
	return between
}

// ReadArray reads a tensor of a file with weights.
func ReadArray(source weights.Source, name string) (Array, error) {
	tensor, err := source.Tensor(name)
	if err != nil {
		return Array{}, err
	}
	values, err := weights.Float32s(tensor)
	if err != nil {
		return Array{}, fmt.Errorf("read tensor %.100q: %w", name, err)
	}
	return Array{Shape: slices.Clone(tensor.Shape().Dimensions), Values: values}, nil
}

// Progress is what a state needs beside the arrays.
type Progress struct {
	Updates int `json:"updates"` // how often the weights have moved
}

// Weights copies what the network has learnt: head and trained parts of the body, without the optimizer's memory.
func (t *Stepper) Weights() (State, error) {
	return t.collect(func(v *model.Variable) bool {
		return strings.HasPrefix(v.Path(), "/"+headScope+"/") || t.rate(v) > 0
	})
}

// State copies all that a training needs to go on: the weights with the optimizer's memory.
func (t *Stepper) State() (State, Progress, error) {
	state, err := t.collect(func(v *model.Variable) bool {
		_, body := BodyPath(v.Path())
		return !body || t.rate(v) > 0
	})
	return state, Progress{Updates: t.updates}, err
}

func (t *Stepper) collect(wanted func(*model.Variable) bool) (State, error) {
	state := State{}
	for v := range t.store.IterVariables() {
		if !wanted(v) {
			continue
		}
		value, err := v.Value()
		if err != nil {
			return nil, fmt.Errorf("read weight %s: %w", v.Path(), err)
		}
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, fmt.Errorf("read weight %s: %w", v.Path(), err)
		}
		state[strings.TrimPrefix(v.Path(), "/")] = Array{Shape: slices.Clone(v.Shape().Dimensions), Values: flat}
	}
	return state, nil
}

// SetWeights replaces weights. Every name in state must exist in the network, with the same shape.
func (t *Stepper) SetWeights(state State) error {
	for path, array := range state {
		v := t.store.GetVariable("/" + path)
		if v == nil {
			return fmt.Errorf("set weight %s: the network has none of that name", path)
		}
		if !slices.Equal(v.Shape().Dimensions, array.Shape) {
			return fmt.Errorf("set weight %s: it has the shape %v, and the network's is %v", path, array.Shape, v.Shape().Dimensions)
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(slices.Clone(array.Values), array.Shape...)); err != nil {
			return fmt.Errorf("set weight %s: %w", path, err)
		}
	}
	return nil
}

// SetState goes back to what State gave. A variable that the state lacks is an error.
func (t *Stepper) SetState(state State, progress Progress) error {
	current, _, err := t.State()
	if err != nil {
		return err
	}
	for path := range current {
		if _, ok := state[path]; !ok {
			return fmt.Errorf("restore the training: %s is missing", path)
		}
	}
	t.updates, t.pending = progress.Updates, 0
	return t.SetWeights(state)
}

// Reset begins again: initial head, empty optimizer. The body keeps what it has.
func (t *Stepper) Reset(seed int64) error {
	fresh := State{}
	for _, w := range t.options.Head.Weights() {
		fresh[headScope+"/"+w.Name] = Array{Shape: w.Shape, Values: w.Init(seed)}
	}
	for v := range t.store.IterVariables() {
		if strings.HasPrefix(v.Path(), "/"+optimizerScope+"/") {
			fresh[strings.TrimPrefix(v.Path(), "/")] = Array{Shape: v.Shape().Dimensions, Values: make([]float32, v.Shape().Size())}
		}
	}
	t.updates, t.pending = 0, 0
	return t.SetWeights(fresh)
}
