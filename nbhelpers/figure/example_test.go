package figure_test

import (
	"fmt"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

func ExampleLayers() {
	b := figure.Layers(figure.LayersData{Layers: []figure.Layer{
		{Name: "conv1", Kind: "convolution", Output: []int{-1, 112, 112, 64}, Params: 9472},
		{Name: "head", Kind: "dense", Output: []int{-1, 10}, Params: 20490, Trainable: 20490},
	}})
	fmt.Println(b.Data[display.MIMEText])
	// Output:
	// layer  kind         output shape           parameters
	// ─────  ───────────  ─────────────────────  ──────────  ─────────
	// conv1  convolution  [batch, 112, 112, 64]       9,472  frozen
	// head   dense        [batch, 10]                20,490  trainable
	// ─────  ───────────  ─────────────────────  ──────────  ─────────
	// total                                          29,962
	// trainable 20,490 · frozen 9,472
}
