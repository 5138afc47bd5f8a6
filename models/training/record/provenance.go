package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/weights"
)

// Provenance says where a model comes from.
type Provenance struct {
	Run           string             `json:"run"`
	Created       time.Time          `json:"created"`
	Cell          string             `json:"cell,omitempty"`
	Flags         []string           `json:"flags,omitempty"`
	Dataset       string             `json:"dataset"`        // name
	DatasetRoot   string             `json:"dataset_root"`   // folder
	DatasetDigest string             `json:"dataset_digest"` // SHA-256 of the file list with hashes, labels and splits
	Files         []File             `json:"files"`
	MaxPixels     int64              `json:"max_pixels,omitempty"` // the largest width x height that was decoded; 0 means imageio's default
	Targets       [][]float32        `json:"targets,omitempty"`    // of Files, for the tasks multi and regression
	Backbone      features.Identity  `json:"backbone"`
	Base          *features.Identity `json:"base,omitempty"`     // of the method auto: the backbone whose stages were compared; Backbone is a cut of it
	Together      [][]int            `json:"together,omitempty"` // lists of Files that stay in one fold of a cross-validation
	Recipe        recipe.Recipe      `json:"recipe"`
	Versions      map[string]string  `json:"versions"` // headstart, go, gomlx, go-xla, pjrt
	Device        string             `json:"device"`
	HeadDigest    string             `json:"head_digest"` // SHA-256 of the trained weights
}

// File is one image of the dataset as it was trained on.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Label  int    `json:"label"`
	Split  string `json:"split"`
}

// Versions are those of the programs that take part in the numbers on a device, as the binary's build information has them.
func Versions(device *accel.Device) map[string]string {
	found := map[string]string{"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH, "pjrt": device.Plugin()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return found
	}
	found["headstart"] = info.Main.Version
	for _, module := range info.Deps {
		if short, ok := strings.CutPrefix(module.Path, "github.com/gomlx/"); ok {
			found[short] = module.Version
		}
	}
	return found
}

// Digest is the SHA-256 of what was trained, by name.
func Digest(state stepper.State) string {
	hash := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(state)) {
		fmt.Fprintf(hash, "%s %v\n", path, state[path].Shape)
		_ = weights.WriteNumbers(hash, state[path].Values) // a hash takes all
	}
	return hex.EncodeToString(hash.Sum(nil))
}
