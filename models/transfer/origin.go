package transfer

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

	"github.com/headstart-nb/headstart/models/trainer"
)

// provenance describes where the trained weights come from.
func (s *session) provenance(digest string) Provenance {
	c := s.config
	p := Provenance{
		Run: c.Name, Created: s.started.UTC(), Cell: c.Cell, Flags: c.Flags,
		Dataset: c.Dataset.Name, DatasetRoot: c.Dataset.Root, DatasetDigest: c.Dataset.Digest,
		Backbone: c.Backbone.Identity(), Settings: c.settings(), Versions: versions(), Device: s.device.Name(), HeadDigest: digest,
	}
	p.Versions["pjrt"] = s.device.Plugin()
	for _, item := range c.Dataset.Items {
		p.Files = append(p.Files, File{item.Path, item.SHA256, item.Label, item.Split})
	}
	return p
}

// versions are those of the programs that take part in the numbers, as the binary's build information has them.
func versions() map[string]string {
	found := map[string]string{"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
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
func stateDigest(state trainer.State) string {
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
