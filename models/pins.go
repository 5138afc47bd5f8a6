//go:build pins

package models

// These packages are for cells to import; see pins.go of package nbhelpers.
import (
	_ "github.com/gomlx/go-huggingface/hub"
	_ "github.com/gomlx/go-huggingface/tokenizers"
	_ "github.com/gomlx/gomlx/ui/commandline"
	_ "github.com/gomlx/gomlx/ui/gonb/margaid"
	_ "github.com/gomlx/gomlx/ui/gonb/plotly"
	_ "github.com/gomlx/gomlx/ui/plot"
)
