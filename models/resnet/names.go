package resnet

import (
	"fmt"
	"slices"
)

func torchName(c Convolution, layer, projection string) string {
	stage := slices.Index(Stages(), c.at.stage)
	switch {
	case stage == 0:
		return layer + "1"
	case c.at.index == 0:
		return fmt.Sprintf("layer%d.%d.%s", stage, c.at.block, projection)
	default:
		return fmt.Sprintf("layer%d.%d.%s%d", stage, c.at.block, layer, c.at.index)
	}
}

// TorchNames are torchvision's names of the convolution and its batch norm.
func (c Convolution) TorchNames() (convolution, norm string) {
	return torchName(c, "conv", "downsample.0"), torchName(c, "bn", "downsample.1")
}

// HuggingFaceNames are the names of the convolution and its batch norm in transformers' ResNetModel.
func (c Convolution) HuggingFaceNames() (convolution, norm string) {
	name := huggingFaceName(c)
	return name + ".convolution", name + ".normalization"
}

func huggingFaceName(c Convolution) string {
	stage := slices.Index(Stages(), c.at.stage) - 1
	switch {
	case stage < 0:
		return "embedder.embedder"
	case c.at.index == 0:
		return fmt.Sprintf("encoder.stages.%d.layers.%d.shortcut", stage, c.at.block)
	default:
		return fmt.Sprintf("encoder.stages.%d.layers.%d.layer.%d", stage, c.at.block, c.at.index-1)
	}
}
