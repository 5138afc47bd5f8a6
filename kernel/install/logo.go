package install

import (
	"context"
	"embed"
	"path/filepath"

	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

//go:embed logo-*
var logos embed.FS

// logo is the kernel's image, in the files in which front ends look for it beside kernel.json: jupyter_client,
// "Kernel specs".
type logo struct{ layout Layout }

func (l *logo) name() string { return "the kernel's logo" }

func (l *logo) files() []string {
	var files []string
	for name := range l.contents() {
		files = append(files, name)
	}
	return files
}

func (l *logo) ready() bool {
	for file, content := range l.contents() {
		if !holds(file, content) {
			return false
		}
	}
	return true
}

func (l *logo) stage(_ context.Context, tx *transaction.Transaction) error {
	for file, content := range l.contents() {
		if err := tx.WriteBytes(file, 0o644, content); err != nil {
			return err
		}
	}
	return nil
}

// contents are the images by the paths where they belong.
func (l *logo) contents() map[string][]byte {
	found := map[string][]byte{}
	for _, name := range []string{"logo-svg.svg", "logo-64x64.png", "logo-32x32.png"} {
		content, err := logos.ReadFile(name)
		if err != nil {
			panic(err) // they are embedded above
		}
		found[filepath.Join(l.layout.Kernelspec(), name)] = content
	}
	return found
}
