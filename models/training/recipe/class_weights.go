package recipe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
)

// parseClassWeights reads class=weight,class=weight; nil for the words none and auto.
func parseClassWeights(text string) (map[string]float32, error) {
	if text == ClassWeightsNone || text == ClassWeightsAuto {
		return nil, nil
	}
	weights := map[string]float32{}
	for pair := range strings.SplitSeq(text, ",") {
		at := strings.LastIndex(pair, "=")
		if at < 0 {
			return nil, &FieldError{"class_weights", fmt.Sprintf("must be none, auto, or class=weight,class=weight; got %q", text)}
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(pair[at+1:]), 32)
		if err != nil || !(weight >= 0 && weight <= 1e6) {
			return nil, &FieldError{"class_weights", fmt.Sprintf("must be from 0 to 1e6, got %q", pair)}
		}
		class := strings.TrimSpace(pair[:at])
		if _, twice := weights[class]; twice {
			return nil, &FieldError{"class_weights", fmt.Sprintf("must name each class once; got %q twice in %q", class, text)}
		}
		weights[class] = float32(weight)
	}
	return weights, nil
}

// ClassFactors are a factor of the loss for each class of the dataset; nil: all the same.
func (r Recipe) ClassFactors(data *imagefolder.Dataset) ([]float32, error) {
	given, err := parseClassWeights(r.ClassWeights)
	if err != nil || r.ClassWeights == ClassWeightsNone {
		return nil, err
	}
	weights := make([]float32, len(data.Classes))
	if r.ClassWeights == ClassWeightsAuto {
		for i, w := range data.ClassWeights() {
			weights[i] = float32(w)
		}
		return weights, nil
	}
	for i := range weights {
		weights[i] = 1
	}
	for class, weight := range given {
		i := slices.Index(data.Classes, class)
		if i < 0 {
			return nil, &FieldError{"class_weights", fmt.Sprintf("must name classes of the dataset, which are %s; got %q",
				strings.Join(data.Classes, ", "), class)}
		}
		weights[i] = weight
	}
	if !slices.ContainsFunc(weights, func(w float32) bool { return w > 0 }) {
		return nil, &FieldError{"class_weights", "must be above 0 for some class; all are 0, so that nothing would be learnt"}
	}
	return weights, nil
}
