package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/kernel/install/command"
)

// recordOf is the record beside a plugin of which nothing publishes a hash: a line as sha256sum writes it, with the hash of the file that
// was accepted first. It stays where the plugin goes; only uninstalling removes it. Its name has no "pjrt", which plugins are found by.
func recordOf(plugin string) string { return filepath.Join(filepath.Dir(plugin), "cpu-plugin.sha256") }

var hexHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

func record(file, hash string) []byte { return fmt.Appendf(nil, "%s  %s\n", hash, filepath.Base(file)) }

// recorded is the hash in a plugin's record, or empty without a record.
func recorded(file string) (string, error) {
	data, err := safefile.ReadFile(recordOf(file), 1<<10)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	hash, _, _ := strings.Cut(string(data), " ")
	if !hexHash.MatchString(hash) {
		return "", fmt.Errorf("%s has no SHA-256: remove it to accept the next download", recordOf(file))
	}
	return hash, nil
}

// checkRecord accepts a downloaded plugin for dest when it has the hash that the user wants, or, where the user names none, the one that
// was accepted before. The first is accepted and said.
func checkRecord(dest, got, want string, log *progress) error {
	from := "--plugin-sha256 names"
	if want == "" {
		known, err := recorded(dest)
		if err != nil {
			return err
		}
		want, from = known, recordOf(dest)+" has"
	}
	switch want {
	case got:
		return nil
	case "":
		log.line("XLA's plugin for the CPU has the SHA-256 %s, which nothing published confirms: compare it with another machine's, and give "+
			"it with --plugin-sha256 there; another file is refused here from now on", got)
		return nil
	}
	return command.Fault(nil, "XLA's plugin for the CPU that was downloaded has the SHA-256 %s, and %s %s: it was deleted; "+
		"if you know the new one to be right, give its hash with --plugin-sha256", got, from, want)
}

// checkRecorded reports a plugin that is not the one that its record has.
func checkRecorded(ctx context.Context, file string) error {
	if filepath.Base(file) != cpuPluginFile {
		return nil
	}
	want, err := recorded(file)
	if err != nil || want == "" {
		return err
	}
	got, _, err := digest.File(ctx, file)
	if err == nil && got != want {
		err = fmt.Errorf("it has the SHA-256 %s, and %s has %s", got, recordOf(file), want)
	}
	return err
}

// checkPluginHash is for a hash that the user names.
func checkPluginHash(hash string, h host) error {
	switch {
	case hash == "":
		return nil
	case h.wheel != nil:
		return fmt.Errorf("--plugin-sha256 is for platforms of which no hash is known; that of %s %s for %s/%s is checked anyway",
			h.wheel.project, h.wheel.version, h.os, h.arch)
	case !hexHash.MatchString(hash):
		return fmt.Errorf("--plugin-sha256 must be the 64 hexadecimal digits of a SHA-256, in lower case; got %q", hash)
	}
	return nil
}
