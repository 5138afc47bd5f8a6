package headstart_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var quotedPath = regexp.MustCompile("`([a-z]+(?:/[a-z0-9-]+)+|magics|nbhelpers|models|notebooks)`")

// TestCodeMap holds README's code map to the packages that there are: each is named, or stands below one that is, and each
// folder that is named exists.
func TestCodeMap(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "\n## Code map\n")
	if !ok {
		t.Fatal("README.md has no section \"Code map\"")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, match := range quotedPath.FindAllStringSubmatch(section, -1) {
		named = append(named, match[1])
		if info, err := os.Stat(match[1]); err != nil || !info.IsDir() {
			t.Errorf("README's code map names %s, which is not a folder", match[1])
		}
	}
	for pkg := range imports(t) {
		top := map[string]bool{"magics": true, "nbhelpers": true, "models": true} // they name themselves alone
		covered := slices.ContainsFunc(named, func(folder string) bool {
			return pkg == folder || !top[folder] && strings.HasPrefix(pkg, folder+"/")
		})
		if pkg != "." && !covered {
			t.Errorf("README's code map does not name %s", pkg)
		}
	}
}
