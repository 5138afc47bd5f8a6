// Package paths says in which folders the project keeps its files.
package paths

import (
	"fmt"
	"os"
	"path/filepath"
)

// HomeVar is the environment variable that names the state folder.
const HomeVar = "HEADSTART_HOME"

// SharedFeaturesVar is the environment variable that names a feature cache of somebody else, which is looked into first and never
// written: that of an instructor, say, who has computed the features of a class's images.
const SharedFeaturesVar = "HEADSTART_SHARED_FEATURES"

// SharedFeatures is the folder of that cache; empty where there is none.
func SharedFeatures() string { return os.Getenv(SharedFeaturesVar) }

// State is the folder for what outlives a process: caches, runs, plugins, history. It need not exist.
func State() (string, error) {
	if home := os.Getenv(HomeVar); home != "" {
		return home, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the state folder: %w; set %s", err, HomeVar)
	}
	return filepath.Join(cache, "headstart"), nil
}
