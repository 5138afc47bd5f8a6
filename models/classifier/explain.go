package classifier

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imageio"
)

// A HeatMap is where an image speaks for a class.
type HeatMap struct {
	Class       string    `json:"class"`
	Probability float32   `json:"probability"`
	Height      int       `json:"height"`
	Width       int       `json:"width"`
	Values      []float32 `json:"values"` // [height, width], 0 to 1
}

// Explain computes the Grad-CAM heat map of an image file for a class (arXiv:1610.02391); an empty class means the most
// probable one. The map has the size of the backbone's last feature maps. Where the head gets the features of several stages, it
// shows what the last of them says, with the others held constant: their maps differ in size, and the last has most of the meaning.
func (m *Model) Explain(ctx context.Context, file, class string) (*HeatMap, error) {
	return m.ExplainWith(ctx, file, ExplainOptions{Class: class})
}

// ExplainOptions change what Explain does.
type ExplainOptions struct {
	Class  string         // empty: the most probable
	Limits imageio.Limits // of what is decoded; zero: imageio's default, or the training's where that is larger
}

// ExplainWith is Explain with options.
func (m *Model) ExplainWith(ctx context.Context, file string, options ExplainOptions) (*HeatMap, error) {
	if options.Limits == (imageio.Limits{}) {
		options.Limits = m.Limits()
	}
	image, err := features.ReadImage(file, m.geometry(), options.Limits)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	outputs, err := m.predictImages(ctx, []*features.Image{image})
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", file, err)
	}
	heat, err := m.explain(ctx, image.Pixels, outputs, options.Class)
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", file, err)
	}
	return heat, nil
}

// ExplainPixels is Explain for one image of the backbone's size, [size, size, 3] RGB bytes.
func (m *Model) ExplainPixels(ctx context.Context, pixels []uint8, class string) (*HeatMap, error) {
	outputs, err := m.PredictPixels(ctx, pixels, 1)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	heat, err := m.explain(ctx, pixels, outputs, class)
	if err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	return heat, nil
}

// explain computes the heat map of an image whose outputs are known.
func (m *Model) explain(ctx context.Context, pixels []uint8, outputs []float32, class string) (*HeatMap, error) {
	index := slices.Index(outputs, slices.Max(outputs))
	if class != "" {
		if index = slices.Index(m.Classes, class); index < 0 {
			return nil, fmt.Errorf("the model knows no class %q; it knows %q", class, m.Classes)
		}
	}
	heat := &HeatMap{Class: m.Classes[index], Probability: outputs[index]}
	if err := m.take(); err != nil {
		return nil, err
	}
	defer m.turn.Unlock()
	var err error
	if heat.Values, heat.Height, heat.Width, err = m.heat(ctx, pixels, index); err != nil {
		return nil, err
	}
	if largest := slices.Max(heat.Values); largest > 0 {
		for i := range heat.Values {
			heat.Values[i] /= largest
		}
	}
	return heat, nil
}

func (m *Model) heat(ctx context.Context, pixels []uint8, output int) ([]float32, int, int, error) {
	backbone := m.Backbone()
	if m.Unfrozen() == "" {
		return m.heatOfFrozen(ctx, pixels, output)
	}
	var err error
	size := m.geometry().Size
	input, shape := make([]float32, len(pixels)), []int{size, size, 3}
	if m.frozen != nil {
		if input, err = m.frozen.Extract(ctx, pixels, 1, 1); err != nil {
			return nil, 0, 0, err
		}
		shape = m.network.Frozen.FeatureShape()
	} else {
		for i, p := range pixels {
			input[i] = float32(p)
		}
	}
	return m.stepper.Explain(input, shape, func(scope *model.Scope, x *graph.Node) (maps, features *graph.Node) {
		all := backbone.MapsAfter(scope, m.network.After, m.network.Tuning, x)
		return all[len(all)-1], backbone.PoolFeatures(all)
	}, output)
}

// heatOfFrozen is heat for a frozen backbone: the feature maps of the last stage go in, and after them the pooled features of the
// stages before it, which are constants as far as the explanation is concerned. What is left is the pooling of the last.
func (m *Model) heatOfFrozen(ctx context.Context, pixels []uint8, output int) ([]float32, int, int, error) {
	backbone := m.Backbone()
	stages, dims := backbone.Cut(), backbone.StageDims()
	whole, err := backbone.FeatureMaps(stages[len(stages)-1])
	if err != nil {
		return nil, 0, 0, err
	}
	maps, err := m.mapsOf(ctx, whole, pixels)
	if err != nil {
		return nil, 0, 0, err
	}
	shape := whole.FeatureShape()
	last, err := backbone.At(stages[len(stages)-1])
	if err != nil {
		return nil, 0, 0, err
	}
	if len(stages) == 1 {
		return m.stepper.Explain(maps, shape, func(_ *model.Scope, x *graph.Node) (maps, features *graph.Node) {
			return x, last.PoolFeatures([]*graph.Node{x})
		}, output)
	}
	row, err := m.frozen.Extract(ctx, pixels, 1, 1)
	if err != nil {
		return nil, 0, 0, err
	}
	size, before := len(maps), len(row)-dims[len(dims)-1]
	input := append(maps, row[:before]...)
	return m.stepper.Explain(input, []int{len(input)}, func(_ *model.Scope, x *graph.Node) (maps, features *graph.Node) {
		maps = graph.Reshape(graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, size)), append([]int{1}, shape...)...)
		rest := graph.Slice(x, graph.AxisRange(), graph.AxisRange(size))
		return maps, graph.Concatenate([]*graph.Node{rest, last.PoolFeatures([]*graph.Node{maps})}, -1)
	}, output)
}

// mapsOf computes the unpooled feature maps of one image. The pass is kept: the next image needs no compilation.
func (m *Model) mapsOf(ctx context.Context, whole *features.Backbone, pixels []uint8) ([]float32, error) {
	if m.maps == nil {
		pass, err := m.frozen.Beside(ctx, whole)
		if err != nil {
			return nil, err
		}
		m.maps = pass
	}
	return m.maps.Extract(ctx, pixels, 1, 1)
}
