// Package homepath puts the home folder in place of a leading ~, as a shell does. A cell has no shell.
package homepath

import (
	"fmt"
	"os"
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
