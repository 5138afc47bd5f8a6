// Package pretrained holds the weights of conv1 to conv3 of a ResNet50 v1.5, trained on the source classes of sampleset.
// SOURCE.md says how they were made and how good they are.
package pretrained

import (
	_ "embed"
	"strings"
)

// file is a safetensors file under torchvision's names, in float16. Nothing changes it.
//
//go:embed resnet50_conv3.safetensors
var file string

// sum is what sha256sum says of the file.
//
//go:embed resnet50_conv3.sha256
var sum string

// Open returns the safetensors file.
func Open() *strings.Reader { return strings.NewReader(file) }

// SHA256 is the file's digest in hex.
func SHA256() string {
	digest, _, _ := strings.Cut(sum, " ")
	return digest
}
