package drawing

import (
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/summary"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// LayerTable lists the backbone stage by stage and the head layer by layer; classes is 0 while no dataset says how many.
//
// Where no head was asked for, the one shown is that of the classic recipe.
func LayerTable(m *lab.Model, classes int, reader advice.Reader) (display.Bundle, error) {
	id := m.Identity()
	table := figure.LayersData{Title: fmt.Sprintf("%s: %s, weights %s, preprocessing %s", m.Name, id.Name(), id.Weights, id.Architecture.Preprocess)}
	if m.Backbone != nil {
		table.Layers = stageRows(summary.Layers(m.Backbone))
	} else {
		table.Layers = []figure.Layer{{Name: id.Cut(), Kind: "frozen ONNX network", Output: withBatch(m.FeatureShape())}}
	}
	spec, err := head.Parse(m.Head())
	if err != nil {
		return display.Bundle{}, err
	}
	outputs := classes
	if outputs == 0 {
		outputs = 1
		table.Notes = append(table.Notes, "The last layer gets as many outputs as the dataset has classes; no dataset is loaded yet, so it is shown with one.")
	}
	plan, err := spec.Plan(m.FeatureShape(), outputs, m.StageDims()...)
	if err != nil {
		return display.Bundle{}, err
	}
	for _, step := range plan.Steps {
		row := figure.Layer{Name: step.Name, Kind: step.String(), Output: withBatch(step.Output)}
		for _, w := range step.Weights {
			size := int64(w.Size())
			row.Params += size
			if w.Trainable {
				row.Trainable += size
			}
		}
		table.Layers = append(table.Layers, row)
	}
	if !m.HeadChosen() && len(m.FeatureShape()) == 1 {
		table.Notes = append(table.Notes, fmt.Sprintf(classicHeadNote, reader.Command("train")))
	}
	table.Notes = append(table.Notes, WeightsNotes(id.Weights)...)
	if id.Weights.Trained && m.Backbone != nil {
		table.Notes = append(table.Notes, m.Backbone.Notes()...)
	}
	return figure.Layers(table), nil
}

// classicHeadNote is for a model whose head was not asked for.
const classicHeadNote = "The head is that of %[1]s --recipe classic, or with --epochs; %[1]s alone chooses one on the last stages by cross-validation."

// stageRows sums the backbone's layers up by stage: 175 rows tell nobody anything. --json callers have the library.
func stageRows(layers []summary.Layer) []figure.Layer {
	var rows []figure.Layer
	stage := resnet.Stage("")
	convolutions := 0
	for _, layer := range layers {
		if layer.Stage == "" || layer.Stage != stage || len(rows) == 0 {
			rows = append(rows, figure.Layer{Name: layer.Name, Kind: layer.Kind})
			if layer.Stage != "" {
				rows[len(rows)-1].Name = string(layer.Stage)
			}
			stage, convolutions = layer.Stage, 0
		}
		row := &rows[len(rows)-1]
		row.Output, row.Params = withBatch(layer.Output), row.Params+int64(layer.Parameters)
		if layer.Stage != "" {
			if layer.Kind == "Conv2D" {
				convolutions++
			}
			row.Kind = fmt.Sprintf("%d convolutions", convolutions)
			if convolutions == 1 {
				row.Kind = "1 convolution"
			}
		}
	}
	return rows
}

func withBatch(shape []int) []int { return append([]int{-1}, shape...) }
