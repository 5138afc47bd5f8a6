package main

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// disproved is the error of a verification that does not confirm the model; nil where it does.
func disproved(model string, v *classifier.Verification) error {
	var found []string
	if n := len(v.Missing); n > 0 {
		found = append(found, phrase.Plural(n, "image is", "images are")+" missing (--root names their folder)")
	}
	if n := len(v.Changed); n > 0 {
		found = append(found, phrase.Plural(n, "image has", "images have")+" changed")
	}
	switch {
	case v.Verdict != classifier.Different:
		return nil
	case found != nil:
		return fmt.Errorf("verify %s: the training cannot be repeated: %s", model, strings.Join(found, ", "))
	}
	return fmt.Errorf("verify %s: the repetition gives other numbers", model)
}
