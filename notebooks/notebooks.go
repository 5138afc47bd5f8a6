// Package notebooks carries the lessons to where no checkout is.
package notebooks

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.ipynb
var lessons embed.FS

//go:embed exercises.json
var exercises string

// Lessons is a folder of notebooks, whose names begin with their numbers: 05_your_own_images.ipynb.
func Lessons() fs.FS { return lessons }

// Exercises is the list of the exercises in the lessons, as models/exercise reads it.
func Exercises() *strings.Reader { return strings.NewReader(exercises) }
