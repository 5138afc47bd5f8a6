// Package pretrained holds the weights of conv1 to conv3 of a ResNet50 v1.5, trained on the source classes of sampleset.
// SOURCE.md says how they were made and how good they are.
package pretrained

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strings"
)

// Cut is the last stage that the weights cover.
const Cut = "conv3"

// Depth is that of the ResNet whose first stages these are.
const Depth = 50

// file is a safetensors file under torchvision's names, in float16. Nothing changes it.
//
//go:embed resnet50_conv3.safetensors
var file string

// Open returns the safetensors file.
func Open() *strings.Reader { return strings.NewReader(file) }

// SHA256 is the file's digest in hex.
func SHA256() string {
	sum := sha256.Sum256([]byte(file))
	return hex.EncodeToString(sum[:])
}
