package resnet

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Cut says after which stages the features are taken: one stage, such as "conv4", or several from input to output joined by a
// plus sign, such as "conv4+conv5". The last of them is the last that runs. The features of several stages are their pooled
// vectors, concatenated in that order.
type Cut string

// CutAuto is the last stage that the weights have.
const CutAuto Cut = "auto"

// cutSeparator stands between the stages of a Cut.
const cutSeparator = "+"

// CutAfter is the cut after stages, which are given from input to output.
func CutAfter(stages ...Stage) Cut {
	words := make([]string, len(stages))
	for i, s := range stages {
		words[i] = string(s)
	}
	return Cut(strings.Join(words, cutSeparator))
}

// Cuts lists what Options.Cut takes beside several stages.
func Cuts() []Cut {
	list := []Cut{CutAuto}
	for _, s := range Stages() {
		list = append(list, Cut(s))
	}
	return list
}

// Stages are the stages after which the features are taken, from input to output. Only a valid cut has them.
func (c Cut) Stages() []Stage {
	var list []Stage
	for word := range strings.SplitSeq(string(c), cutSeparator) {
		list = append(list, Stage(word))
	}
	return list
}

// Last is the last stage that runs.
func (c Cut) Last() Stage {
	stages := c.Stages()
	return stages[len(stages)-1]
}

// has tells whether features are taken after a stage.
func (c Cut) has(s Stage) bool { return slices.Contains(c.Stages(), s) }

// ErrOrder is a cut with its stages in another order than from input to output, or with one of them twice.
var ErrOrder = errors.New("cut must name each stage once, from input to output")

// Check returns a ChoiceError where the cut has a stage that is not among those up to deepest, or ErrOrder. other is what the
// cut may be instead.
func (c Cut) Check(deepest Stage, other ...Cut) error {
	if slices.Contains(other, c) {
		return nil
	}
	choices, at := StagesTo(deepest), -1
	for _, s := range c.Stages() {
		i := slices.Index(choices, s)
		if i < 0 {
			for _, choice := range choices {
				other = append(other, Cut(choice))
			}
			return OneOf("cut", other, c)
		}
		if i <= at {
			return fmt.Errorf("%w, such as %s; got %s", ErrOrder, CutAfter(Conv4, Conv5), c)
		}
		at = i
	}
	return nil
}
