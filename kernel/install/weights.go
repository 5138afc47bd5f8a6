package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// WeightsImageNet names the pretrained weights that an installation can fetch, as %model does.
const WeightsImageNet = "imagenet"

// HubCache is the folder of fetched weights, by huggingface_hub's rules ("Environment variables" in its documentation), so
// that Python programs and this one share them. An installation does not own it.
func HubCache(getenv func(string) string) string {
	switch {
	case getenv("HF_HUB_CACHE") != "":
		return getenv("HF_HUB_CACHE")
	case getenv("HF_HOME") != "":
		return filepath.Join(getenv("HF_HOME"), "hub")
	case getenv("XDG_CACHE_HOME") != "":
		return filepath.Join(getenv("XDG_CACHE_HOME"), "huggingface", "hub")
	}
	return filepath.Join(getenv("HOME"), ".cache", "huggingface", "hub")
}

// weights are fetched by headstart-transfer, which takes up a download that was cut and checks the hash.
type weights struct {
	layout Layout
	log    *progress
}

func (w *weights) name() string    { return "the ImageNet weights (102 MB)" }
func (w *weights) files() []string { return nil } // they lie in the user's cache and outlive the installation

// ready leaves the decision to headstart-transfer, which checks the hash of what is there.
func (w *weights) ready() bool { return false }

func (w *weights) stage(ctx context.Context, tx *transaction.Transaction) error {
	transfer := tx.Newest(w.layout.Program(transferProgram + exeSuffix()))
	if transfer == "" {
		return command.Fault(nil, "fetching %s: %s is missing, which does it: put it beside this program, or install without --weights", w.name(), transferProgram)
	}
	err := w.log.during("fetching "+w.name(), func() error { return command.Run(ctx, "", nil, transfer, "weights") })
	var failed *command.Error
	if !errors.As(err, &failed) || failed.Output == "" {
		return err
	}
	lines := strings.Split(strings.TrimSpace(failed.Output), "\n") // the last is the sentence that says what to do
	return command.Fault(err, "installing with --weights: %s", strings.TrimPrefix(lines[len(lines)-1], "headstart: "))
}

func checkWeights(name string) error {
	if name != "" && name != WeightsImageNet {
		return fmt.Errorf("there are no weights %q to fetch: the only ones are --weights %s", name, WeightsImageNet)
	}
	return nil
}
