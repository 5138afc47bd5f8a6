package training

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/training/stepper"
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
	Recipe        Recipe             `json:"recipe"`
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

// provenance describes where the trained weights come from.
func (s *session) provenance(digest string) Provenance {
	j := s.job
	p := Provenance{
		Run: j.Request.Name, Created: s.started.UTC(), Cell: j.Request.Cell, Flags: j.Request.Flags,
		Dataset: j.Dataset.Name, DatasetRoot: j.Dataset.Root, DatasetDigest: j.Dataset.Digest, Targets: j.Targets, MaxPixels: j.Dataset.Options.MaxPixels,
		Together: j.Dataset.Together, Backbone: j.Backbone.Identity(), Recipe: j.Recipe, Versions: Versions(s.device), Device: s.device.Name(), HeadDigest: digest,
	}
	if s.chosen != nil {
		p.Base = s.base
	}
	for _, item := range j.Dataset.Items {
		p.Files = append(p.Files, File{item.Path, item.SHA256, item.Label, item.Split})
	}
	return p
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

// stateDigest is the SHA-256 of what was trained, by name.
func stateDigest(state stepper.State) string {
	hash := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(state)) {
		fmt.Fprintf(hash, "%s %v\n", path, state[path].Shape)
		raw := make([]byte, 0, 4*len(state[path].Values))
		for _, v := range state[path].Values {
			bits := math.Float32bits(v)
			raw = append(raw, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
		hash.Write(raw)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
