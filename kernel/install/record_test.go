package install

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// A platform has a wheel with a hash, or its plugin is recorded: nothing else is loaded.
func TestPluginsOfPlatforms(t *testing.T) {
	for platform, w := range cpuWheels() {
		if !hexHash.MatchString(w.sha256) || w.project == "" || w.version == "" || w.member == "" {
			t.Errorf("%s: %+v is not pinned", platform, *w)
		}
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		if cpuWheels()[platform] == nil {
			t.Errorf("%s has no wheel", platform)
		}
	}
}

// Without a published hash, the first file is accepted and said, and another one is refused from then on.
func TestAPluginWithoutAPublishedHash(t *testing.T) {
	layout := prefixLayout(filepath.Join(t.TempDir(), "Präfix mit Lücke"), "")
	noWheel := plugin{device: DeviceCPU, optional: true}
	plugin, brought := filepath.Join(layout.Lib(), cpuPluginFile), filepath.Join(t.TempDir(), "brought")
	transfer := layout.Program(transferProgram) // a stand-in, which brings a file as go-xla's installer does
	write(t, transfer, "#!/bin/sh\nmkdir -p \"$3\" && cp '"+brought+"' \"$3/pjrt_c_api_cpu_v1_plugin.so\"\n")
	if err := os.Chmod(transfer, 0o755); err != nil {
		t.Fatal(err)
	}
	bring := func(content, hash string) (said string, err error) {
		t.Helper()
		write(t, brought, content)
		var out bytes.Buffer
		component := &pluginComponent{layout: layout, plugin: noWheel, sha256: hash, log: newProgress(&out)}
		tx, err := begin(t.Context(), layout, nil, component.log)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Discard()
		if err := component.stage(t.Context(), tx); err != nil {
			return out.String(), err
		}
		return out.String(), tx.Commit(component.files(), transaction.Request{})
	}
	first, other := strings.Repeat("machine code ", 100_000), strings.Repeat("other code ", 120_000)
	hash := func(content string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(content))) }

	if said, err := bring(first, ""); err != nil || !strings.Contains(said, hash(first)) || !strings.Contains(said, "--plugin-sha256") {
		t.Errorf("the first download: %v\n%s", err, said)
	}
	if err := CheckPlugin(t.Context(), plugin); err != nil {
		t.Errorf("the plugin as it was installed: %v", err)
	}
	write(t, plugin, other) // somebody replaces it
	if err := CheckPlugin(t.Context(), plugin); err == nil || !strings.Contains(err.Error(), hash(first)) {
		t.Errorf("a replaced plugin: %v", err)
	}
	if err := os.Remove(plugin); err != nil {
		t.Fatal(err)
	}
	if _, err := bring(other, ""); err == nil || !strings.Contains(err.Error(), hash(first)) || exists(plugin) {
		t.Errorf("another download: %v", err)
	}
	if said, err := bring(first, ""); err != nil || !exists(plugin) || strings.Contains(said, hash(first)) {
		t.Errorf("the first file again: %v\n%s", err, said)
	}
	if _, err := bring(other, hash(other)); err != nil || CheckPlugin(t.Context(), plugin) != nil {
		t.Errorf("another file that the user knows: %v", err)
	}
	if err := Uninstall(t.Context(), Place{Prefix: layout.Prefix}, "", false, nil); err != nil {
		t.Fatal(err)
	}
	if exists(plugin) || exists(recordOf(plugin)) {
		t.Error("uninstalling leaves the plugin or its record")
	}
}

// A hash that the user names decides, and is refused where it would not be looked at.
func TestAPluginHashThatTheUserNames(t *testing.T) {
	hash := strings.Repeat("a", 64)
	for name, test := range map[string]struct {
		wanted, recorded string
		brought          bool
	}{
		"right":                        {hash, "", true},
		"wrong":                        {strings.Repeat("0", 64), "", false},
		"right, and another was there": {hash, strings.Repeat("0", 64), true},
		"a broken record":              {"", "none", false},
	} {
		t.Run(name, func(t *testing.T) {
			plugin := filepath.Join(t.TempDir(), cpuPluginFile)
			if test.recorded != "" {
				write(t, recordOf(plugin), test.recorded+"  "+cpuPluginFile+"\n")
			}
			err := checkRecord(plugin, hash, test.wanted, newProgress(nil))
			if (err == nil) != test.brought {
				t.Errorf("got %v", err)
			}
		})
	}
	h := host{os: "linux", arch: "amd64", wheel: cpuWheels()["linux/amd64"]}
	if err := checkPluginHash(hash, h); err == nil {
		t.Error("a hash is accepted where the program has one")
	}
	if err := checkPluginHash("abc", host{}); err == nil {
		t.Error("a hash of three digits is accepted")
	}
}
