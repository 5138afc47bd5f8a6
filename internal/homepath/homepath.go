// Package homepath puts the home folder in place of a leading ~, as a shell does. A cell has no shell.
package homepath

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Expand replaces ~ at the beginning of a path. Other users' home folders, as in ~ann/images, stay as they are.
func Expand(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || (rest != "" && rest[0] != '/') {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the home folder for %s: %w", path, err)
	}
	return home + rest, nil
}

// Abs is the absolute path of one that may begin with ~, which a shell leaves in --out=~/x.
func Abs(path string) (string, error) {
	expanded, err := Expand(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(expanded)
}
