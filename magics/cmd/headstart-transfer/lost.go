package main

import (
	"strings"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// lostImages counts the images of a training that are not what they were; empty where all are.
func lostImages(v *classifier.Verification) string {
	var found []string
	if n := len(v.Missing); n > 0 {
		found = append(found, phrase.Plural(n, "image is", "images are")+" missing (--root names their folder)")
	}
	if n := len(v.Changed); n > 0 {
		found = append(found, phrase.Plural(n, "image has", "images have")+" changed")
	}
	return strings.Join(found, ", ")
}
