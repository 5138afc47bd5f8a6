package classifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/weights"
)

// Files of a saved model.
const (
	modelFile    = "model.json"
	headFile     = "head.safetensors"
	backboneFile = "backbone.safetensors"
	cardFile     = "README.md"

	// 1 described architecture and weights by sentences, and the recipe by settings; 2 had no digest of itself.
	formatVersion = 3
	formatPlain   = 2
)

// Files lists the files of a saved model, but for the figures of its card.
func Files() []string { return []string{modelFile, headFile, backboneFile, cardFile} }

// Saved tells whether a folder claims to be a saved model.
func Saved(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, modelFile))
	return err == nil
}

// SaveOptions say what goes into a saved model's folder.
type SaveOptions struct {
	HeadOnly bool              // leave the backbone's weights out; their hash is recorded
	Figures  map[string][]byte // PNG by file name, shown in the model card
}

// manifest is model.json.
type manifest struct {
	Format   int               `json:"format"`
	Backbone features.Identity `json:"backbone"`
	Head     string            `json:"head"`
	Unfrozen resnet.Stage      `json:"unfrozen,omitempty"`
	SHA256   map[string]string `json:"sha256"`           // of the files with weights
	Digest   string            `json:"digest,omitempty"` // of all the rest, SHA-256 in hex: see seal
	record.Outcome
}

// seal is the SHA-256 of what the manifest says, as JSON without Digest. It shows that a description was edited (the order of
// the classes, the task, the preprocessing), not who did it.
func (l manifest) seal() (string, error) {
	l.Digest = ""
	text, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:]), nil
}

// sealOf is the seal of a manifest as it was written, "" where the text is not JSON. An earlier version wrote other members, or fewer, and
// a name that is not UTF-8 is read as another one than was written: neither is an edit.
func sealOf(text []byte, digest string) string {
	var written bytes.Buffer
	if err := json.Compact(&written, text); err != nil {
		return ""
	}
	sum := sha256.Sum256(bytes.Replace(written.Bytes(), []byte(`"digest":"`+digest+`",`), nil, 1))
	return hex.EncodeToString(sum[:])
}

// Save writes the model as one folder, which must not exist or be empty: head.safetensors (with the trained stages of the
// backbone), backbone.safetensors, model.json (classes, preprocessing, provenance, history) and README.md, the model card.
func (m *Model) Save(dir string, options SaveOptions) error {
	return writeFolder("save the model", dir, func(dir string) error { return m.write(dir, options) })
}

// CheckFolder refuses a folder that no model can be saved to, before the training of one that would be lost.
func CheckFolder(dir string) error {
	if err := unused(dir); err != nil {
		return fmt.Errorf("save the model to %s: %w", dir, err)
	}
	above := filepath.Dir(filepath.Clean(dir))
	for above != filepath.Dir(above) {
		if _, err := os.Lstat(above); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		above = filepath.Dir(above)
	}
	trial, err := os.MkdirTemp(above, ".saving-*")
	if err == nil {
		err = os.Remove(trial)
	}
	if err != nil {
		return fmt.Errorf("save the model to %s: %w; choose a folder that can be made", dir, err)
	}
	return nil
}

// unused refuses what a new folder must not take the place of.
func unused(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("it is a file; choose another name")
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = errors.New("the folder is not empty; choose another")
	}
	return err
}

// writeFolder makes a folder with what write puts there. It must not exist or be empty. Doing names the work in errors.
func writeFolder(doing, dir string, write func(dir string) error) (err error) {
	if err := unused(dir); err != nil {
		return fmt.Errorf("%s to %s: %w", doing, dir, err)
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved // what a link names is filled, and the link stays
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	// Written beside its place and renamed: there is never half a model.
	temporary, err := os.MkdirTemp(parent, ".saving-*")
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s to %s: %w", doing, dir, errors.Join(err, os.RemoveAll(temporary)))
		}
	}()
	if err := write(temporary); err != nil {
		return err
	}
	if err := readable(temporary); err != nil {
		return err
	}
	if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) { // empty, as seen above; never a file
		return err
	}
	if err := os.Chmod(temporary, 0o755); err != nil {
		return err
	}
	return os.Rename(temporary, dir)
}

// readable gives all files the mode that the model card got by the user's mask. Those with weights were written under a temporary name,
// which the user alone may read: a server that runs as another user could not load the model.
func readable(dir string) error {
	card, err := os.Stat(filepath.Join(dir, cardFile))
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if err == nil {
			err = os.Chmod(filepath.Join(dir, entry.Name()), card.Mode().Perm())
		}
	}
	return err
}

func (m *Model) write(dir string, options SaveOptions) error {
	if err := m.whole(); err != nil {
		return err
	}
	state, err := m.weights()
	if err != nil {
		return err
	}
	list := manifest{
		Format: formatVersion, Backbone: m.Backbone().Identity(), Head: m.Head().String(), Unfrozen: m.Unfrozen(),
		SHA256: map[string]string{}, Outcome: m.Outcome,
	}
	trained := map[string]weights.Float32{}
	for path, array := range state {
		trained[path] = weights.Float32(array)
	}
	if list.SHA256[headFile], err = writeTensors(filepath.Join(dir, headFile), trained); err != nil {
		return err
	}
	if !options.HeadOnly && m.Backbone().File() == nil { // a file stays where it is, and is known by its hash
		frozen := m.Backbone().Network().Tensors()
		if list.SHA256[backboneFile], err = writeTensors(filepath.Join(dir, backboneFile), frozen); err != nil {
			return err
		}
	}
	if list.Digest, err = list.seal(); err != nil {
		return err
	}
	err = atomicfile.WriteFile(filepath.Join(dir, modelFile), func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(list)
	})
	if err != nil {
		return err
	}
	var figures []string
	for name, png := range options.Figures {
		if !filepath.IsLocal(name) || filepath.Base(name) != name || !strings.HasSuffix(name, ".png") {
			return fmt.Errorf("a figure cannot have the name %q", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
			return err
		}
		figures = append(figures, name)
	}
	return os.WriteFile(filepath.Join(dir, cardFile), []byte(m.Card(figures)), 0o644)
}

// writeTensors writes a file and returns its SHA-256.
func writeTensors(path string, list map[string]weights.Float32) (string, error) {
	hash := sha256.New()
	err := atomicfile.WriteFile(path, func(w io.Writer) error {
		return weights.Write(io.MultiWriter(w, hash), list, nil)
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}
