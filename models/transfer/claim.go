package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/resnet"
)

// claimFile is in a finished run's folder, beside run.json, which lists of runs read.
const claimFile = "claim.json"

// A Claim is what a training says of itself, against which Verify holds a repetition.
type Claim struct {
	Name       string     `json:"name"`
	Classes    []string   `json:"classes"`
	Task       Task       `json:"task"`
	History    History    `json:"history"`
	Status     Status     `json:"status"`
	Provenance Provenance `json:"provenance"`

	Backbone Backbone `json:"-"` // has to be the provenance's
}

// Claim is what the model says of itself.
func (m *Model) Claim() Claim {
	return Claim{
		Name: m.Name, Classes: m.Classes, Task: m.Task, History: m.History, Status: m.Status, Provenance: m.Provenance, Backbone: m.Backbone,
	}
}

// ReadClaim reads what a finished run in a state folder says of itself. The backbone is left to the caller: one with the
// fingerprint of the provenance, or OpenBackbone's.
func ReadClaim(home, name string) (Claim, error) {
	r, err := ReadRun(home, name)
	if err != nil {
		return Claim{}, err
	}
	raw, err := safefile.ReadFile(filepath.Join(runsDir(home), name, claimFile), maxManifest)
	switch {
	case errors.Is(err, os.ErrNotExist) && r.Status == Running:
		return Claim{}, fmt.Errorf("the run %s has not ended yet", name)
	case errors.Is(err, os.ErrNotExist):
		return Claim{}, fmt.Errorf("the run %s did not come to an end that could be repeated (%s): go on with it by %%train --resume %s",
			name, r.Status, name)
	case err != nil:
		return Claim{}, fmt.Errorf("read run %s: %w", name, err)
	}
	var c Claim
	if err := json.Unmarshal(raw, &c); err != nil {
		return Claim{}, fmt.Errorf("read run %s: %w", name, err)
	}
	return c, nil
}

// OpenBackbone makes the backbone of a claim again, from where its weights were.
func OpenBackbone(ctx context.Context, id Identity) (Backbone, error) {
	file := ""
	switch _, err := os.Stat(id.Weights); {
	case err == nil:
		file = id.Weights
	case id.Weights == resnet.ImageNetOrigin():
		file = resnet.WeightsImageNet
	}
	backbone, err := openResNet(ctx, id, file)
	if err != nil {
		return nil, err
	}
	return backbone, id.sameWeights(backbone)
}

// claim keeps what the finished run says of itself.
func (r *record) claim(c Claim) error {
	return r.dir.Write(claimFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(c) })
}
