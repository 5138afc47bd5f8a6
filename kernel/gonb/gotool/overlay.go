package gotool

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// written writes the program, where it is not what GoNB wrote, into the folder work, and returns its name; empty where GoNB's
// own file will do.
func (t *Tool) written(work string) (string, error) {
	if !t.changed {
		return "", nil
	}
	file := filepath.Join(work, mainFile)
	return file, os.WriteFile(file, []byte(t.program), 0o600)
}

// overlay makes the go command read another text for a file of GoNB's; it returns the flag for it.
func (t *Tool) overlay(work, name, file string) (flag []string, err error) {
	if file == "" {
		return nil, nil
	}
	replace := map[string]map[string]string{"Replace": {filepath.Join(t.Dir, name): file}}
	text, err := json.Marshal(replace)
	if err != nil {
		return nil, err
	}
	list := filepath.Join(work, "overlay.json")
	return []string{"-overlay", list}, os.WriteFile(list, text, 0o600)
}
