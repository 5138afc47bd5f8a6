package onnxnet

import (
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// shaping are the operators that move numbers. Those on known whole numbers, which are shapes, are computed at once.
func shaping() map[string]operator {
	return map[string]operator{
		"Shape": shapeOf, "Constant": constant, "Reshape": reshape, "Flatten": flatten, "Transpose": transpose, "Squeeze": squeeze, "Unsqueeze": unsqueeze,
		"Concat": concat, "Slice": slice, "Split": split, "Gather": gather, "Pad": pad, "Expand": expand,
	}
}

func shapeOf(b *builder, n node, in []value) []value {
	out := &tensor{ints: []int64{}}
	dims := b.need(n, in, 0).Shape().Dimensions
	within := func(i int) int { // PyTorch's newer exporter asks for a part of the shape
		if i < 0 {
			i += len(dims)
		}
		return min(len(dims), max(0, i))
	}
	from, to := within(n.int("start", 0)), within(n.int("end", len(dims)))
	for _, d := range dims[min(from, to):to] {
		out.ints = append(out.ints, int64(d))
	}
	out.shape = []int{len(out.ints)}
	return []value{{host: out}}
}

func constant(_ *builder, n node, _ []value) []value {
	switch a := n.attributes; {
	case a["value"].tensor != nil:
		return []value{{host: a["value"].tensor}}
	case a["value_ints"].ints != nil:
		return []value{{host: &tensor{shape: []int{len(a["value_ints"].ints)}, ints: a["value_ints"].ints}}}
	case a["value_floats"].floats != nil:
		return []value{{host: &tensor{shape: []int{len(a["value_floats"].floats)}, floats: a["value_floats"].floats}}}
	}
	if a, ok := n.attributes["value_int"]; ok {
		return []value{{host: &tensor{shape: []int{}, ints: []int64{a.number}}}}
	}
	if a, ok := n.attributes["value_float"]; ok {
		return []value{{host: &tensor{shape: []int{}, floats: []float32{a.float}}}}
	}
	fail(n, "it has no numbers")
	return nil
}

// resolved is a shape with a 0, which copies a dimension, and a -1, which is what is left, filled in.
func resolved(n node, asked, have []int) []int {
	total, known, open := 1, 1, -1
	for _, d := range have {
		total *= d
	}
	out := slices.Clone(asked)
	for i, d := range asked {
		switch {
		case d == 0 && i < len(have) && n.int("allowzero", 0) == 0:
			out[i] = have[i]
		case d == -1 && open < 0:
			open = i
			continue
		case d < 1:
			fail(n, "the shape %v is not one", asked)
		}
		if known > math.MaxInt32 {
			fail(n, "the shape %v is too large", asked)
		}
		known *= out[i]
	}
	if open >= 0 && known > 0 {
		out[open] = total / known
		known *= out[open]
	}
	if known != total {
		fail(n, "numbers of shape %v do not fit the shape %v", have, asked)
	}
	return out
}

func reshape(b *builder, n node, in []value) []value {
	to := ints(n, in, 1, "shape")
	if v := at(in, 0); v.host != nil && v.host.ints != nil {
		return []value{{host: &tensor{shape: resolved(n, to, v.host.shape), ints: v.host.ints}}}
	}
	x := b.need(n, in, 0)
	return []value{{node: graph.Reshape(x, resolved(n, to, x.Shape().Dimensions)...)}}
}

func flatten(b *builder, n node, in []value) []value {
	x := b.need(n, in, 0)
	at := n.int("axis", 1)
	if at < 0 {
		at += x.Rank()
	}
	if at < 0 || at > x.Rank() {
		fail(n, "it has no axis %d of %d", at, x.Rank())
	}
	rows, cols := 1, 1
	for i, d := range x.Shape().Dimensions {
		if i < at {
			rows *= d
		} else {
			cols *= d
		}
	}
	return []value{{node: graph.Reshape(x, rows, cols)}}
}

func transpose(b *builder, n node, in []value) []value {
	x := b.need(n, in, 0)
	order := ints(n, nil, -1, "perm")
	if order == nil {
		for i := range x.Rank() {
			order = append(order, x.Rank()-1-i)
		}
	}
	sorted := slices.Sorted(slices.Values(order))
	for i, v := range sorted {
		if v != i || len(sorted) != x.Rank() {
			fail(n, "its order %v does not fit the shape %v", order, x.Shape().Dimensions)
		}
	}
	return []value{{node: graph.TransposeAllAxes(x, order...)}}
}

func squeeze(b *builder, n node, in []value) []value {
	list := ints(n, in, 1, "axes")
	if v := at(in, 0); v.host != nil && v.host.ints != nil && len(v.host.ints) == 1 {
		return []value{{host: &tensor{shape: []int{}, ints: v.host.ints}}}
	}
	x := b.need(n, in, 0)
	drop := axes(n, list, x.Rank())
	var dims []int
	for i, d := range x.Shape().Dimensions {
		if list == nil && d == 1 || slices.Contains(drop, i) {
			if d != 1 {
				fail(n, "the axis %d of shape %v has more than one element", i, x.Shape().Dimensions)
			}
			continue
		}
		dims = append(dims, d)
	}
	return []value{{node: graph.Reshape(x, dims...)}}
}

func unsqueeze(b *builder, n node, in []value) []value {
	list := ints(n, in, 1, "axes")
	have, known := []int(nil), at(in, 0).host != nil && at(in, 0).host.ints != nil
	if known {
		have = at(in, 0).host.shape
	} else {
		have = b.need(n, in, 0).Shape().Dimensions
	}
	add := axes(n, list, len(have)+len(list))
	dims := []int{}
	for i, rest := 0, have; i < len(have)+len(list); i++ {
		switch {
		case slices.Contains(add, i):
			dims = append(dims, 1)
		case len(rest) == 0:
			fail(n, "its axes %v do not fit the shape %v", list, have)
		default:
			dims, rest = append(dims, rest[0]), rest[1:]
		}
	}
	if known {
		return []value{{host: &tensor{shape: dims, ints: at(in, 0).host.ints}}}
	}
	return []value{{node: graph.Reshape(b.need(n, in, 0), dims...)}}
}

func concat(b *builder, n node, in []value) []value {
	if len(in) == 0 {
		fail(n, "it has no input")
	}
	whole := &tensor{ints: []int64{}}
	for _, v := range in {
		if v.host == nil || v.host.ints == nil || len(v.host.shape) > 1 {
			whole = nil
			break
		}
		whole.ints = append(whole.ints, v.host.ints...)
	}
	if whole != nil {
		whole.shape = []int{len(whole.ints)}
		return []value{{host: whole}}
	}
	var parts []*graph.Node
	for i := range in {
		parts = append(parts, b.float(n, in, i))
	}
	return []value{{node: graph.Concatenate(parts, axis(n, n.int("axis", 0), parts[0].Rank()))}}
}

func slice(b *builder, n node, in []value) []value {
	from, to, list, steps := ints(n, in, 1, "starts"), ints(n, in, 2, "ends"), ints(n, in, 3, "axes"), ints(n, in, 4, "steps")
	x := at(in, 0)
	var dims []int
	if x.host != nil && x.host.ints != nil {
		dims = x.host.shape
	} else {
		dims = b.need(n, in, 0).Shape().Dimensions
	}
	if list == nil {
		for i := range from {
			list = append(list, i)
		}
	}
	if len(from) != len(list) || len(to) != len(list) || steps != nil && len(steps) != len(list) {
		fail(n, "starts %v, ends %v, axes %v and steps %v differ in their number", from, to, list, steps)
	}
	begin, end := make([]int, len(dims)), slices.Clone(dims)
	for i, a := range list {
		a = axis(n, a, len(dims))
		if steps != nil && steps[i] != 1 {
			fail(n, "a step of %d is not supported", steps[i])
		}
		within := func(v int) int {
			if v < 0 {
				v += dims[a]
			}
			return min(dims[a], max(0, v))
		}
		if begin[a], end[a] = within(from[i]), within(to[i]); begin[a] >= end[a] {
			fail(n, "nothing is left of the axis %d of shape %v", a, dims)
		}
	}
	if x.host != nil && x.host.ints != nil && len(dims) == 1 {
		part := x.host.ints[begin[0]:end[0]]
		return []value{{host: &tensor{shape: []int{len(part)}, ints: part}}}
	}
	var spec []graph.SliceAxisSpec
	for i := range dims {
		spec = append(spec, graph.AxisRange(begin[i], end[i]))
	}
	return []value{{node: graph.Slice(b.need(n, in, 0), spec...)}}
}

func split(b *builder, n node, in []value) []value {
	x := b.need(n, in, 0)
	a := axis(n, n.int("axis", 0), x.Rank())
	sizes, length := ints(n, in, 1, "split"), x.Shape().Dimensions[a]
	if sizes == nil {
		parts := len(n.outputs)
		for left := length; left > 0 && parts > 0; left -= sizes[len(sizes)-1] {
			sizes = append(sizes, min(left, (length+parts-1)/parts))
		}
	}
	var out []value
	begin := 0
	for _, size := range sizes {
		if size < 1 || begin+size > length {
			fail(n, "an axis of %d cannot be split into %v", length, sizes)
		}
		var spec []graph.SliceAxisSpec
		for i, d := range x.Shape().Dimensions {
			if i == a {
				spec = append(spec, graph.AxisRange(begin, begin+size))
			} else {
				spec = append(spec, graph.AxisRange(0, d))
			}
		}
		out = append(out, value{node: graph.Slice(x, spec...)})
		begin += size
	}
	return out
}

// gather takes elements of an axis by known numbers.
func gather(b *builder, n node, in []value) []value {
	index := at(in, 1).host
	if index == nil || index.ints == nil || len(index.shape) > 1 {
		fail(n, "its indices have to be a list of whole numbers that does not depend on the image")
	}
	pickOf := func(length int) (list []int) {
		for _, i := range index.ints {
			list = append(list, axis(n, int(i), length))
		}
		return list
	}
	if v := at(in, 0).host; v != nil && v.ints != nil && len(v.shape) == 1 {
		out := &tensor{shape: slices.Clone(index.shape), ints: []int64{}}
		for _, i := range pickOf(len(v.ints)) {
			out.ints = append(out.ints, v.ints[i])
		}
		return []value{{host: out}}
	}
	x := b.need(n, in, 0)
	a := axis(n, n.int("axis", 0), x.Rank())
	var parts []*graph.Node
	for _, at := range pickOf(x.Shape().Dimensions[a]) {
		var spec []graph.SliceAxisSpec
		for i, d := range x.Shape().Dimensions {
			if i == a {
				spec = append(spec, graph.AxisRange(at, at+1))
			} else {
				spec = append(spec, graph.AxisRange(0, d))
			}
		}
		parts = append(parts, graph.Slice(x, spec...))
	}
	if len(parts) == 0 {
		fail(n, "it takes nothing")
	}
	out := parts[0]
	if len(parts) > 1 {
		out = graph.Concatenate(parts, a)
	}
	if len(index.shape) == 0 {
		out = graph.Reshape(out, slices.Delete(slices.Clone(out.Shape().Dimensions), a, a+1)...)
	}
	return []value{{node: out}}
}

func pad(b *builder, n node, in []value) []value {
	x := b.float(n, in, 0)
	if mode := n.attributes["mode"].text; mode != "" && mode != "constant" {
		fail(n, "the mode %q is not supported", mode)
	}
	list, which := ints(n, in, 1, "pads"), ints(n, in, 3, "")
	if which == nil { // all of them
		for i := range x.Rank() {
			which = append(which, i)
		}
	}
	if len(list) != 2*len(which) {
		fail(n, "the pads %v do not fit the shape %v", list, x.Shape().Dimensions)
	}
	fill := graph.Scalar(b.graph, x.DType(), n.float("value", 0)) // an attribute before version 11
	if !at(in, 2).absent() {
		fill = graph.Reshape(b.float(n, in, 2))
	}
	each := make([]compute.PadAxis, x.Rank())
	for i, a := range axes(n, which, x.Rank()) {
		if list[i] < 0 || list[i+len(which)] < 0 {
			fail(n, "negative pads are not supported")
		}
		each[a] = compute.PadAxis{Start: list[i], End: list[i+len(which)]}
	}
	return []value{{node: graph.Pad(x, fill, each...)}}
}

func expand(b *builder, n node, in []value) []value {
	x, to := b.need(n, in, 0), ints(n, in, 1, "shape")
	dims := slices.Repeat([]int{1}, max(0, len(to)-x.Rank()))
	x = graph.Reshape(x, append(dims, x.Shape().Dimensions...)...)
	out := slices.Clone(x.Shape().Dimensions)
	for i, d := range to {
		at := i + len(out) - len(to)
		switch {
		case out[at] == 1 && d > 0:
			out[at] = d
		case d != 1 && d != out[at]:
			fail(n, "the shape %v cannot be expanded to %v", x.Shape().Dimensions, to)
		}
	}
	return []value{{node: graph.BroadcastToDims(x, out...)}}
}
