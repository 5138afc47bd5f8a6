package wire_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

func TestConnectionFileIsForTheUserAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kernel-1.json")
	want := wire.ConnectionInfo{
		Transport: "tcp", IP: "127.0.0.1", ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5,
		SignatureScheme: "hmac-sha256", Key: "secret", KernelName: "headstart",
	}
	if err := want.Write(file); err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if stat.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", stat.Mode().Perm())
	}
	got, err := wire.ReadConnection(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBadConnectionFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(file, []byte("not JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, filepath.Join(t.TempDir(), "missing.json")} {
		if _, err := wire.ReadConnection(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestAddresses(t *testing.T) {
	tcp := wire.ConnectionInfo{Transport: "tcp", IP: "::1", ShellPort: 7}
	ipc := wire.ConnectionInfo{Transport: "ipc", IP: "/run/k", IOPubPort: 2}
	for _, test := range []struct {
		info          wire.ConnectionInfo
		channel       wire.Channel
		network, want string
	}{
		{tcp, wire.Shell, "tcp", "[::1]:7"},
		{ipc, wire.IOPub, "unix", "/run/k-2"},
	} {
		network, address, err := test.info.Address(test.channel)
		if err != nil || network != test.network || address != test.want {
			t.Errorf("%s: %s %s, %v", test.channel, network, address, err)
		}
	}
	if _, _, err := (wire.ConnectionInfo{Transport: "pgm"}).Address(wire.Shell); err == nil {
		t.Error("the transport pgm is taken")
	}
}
