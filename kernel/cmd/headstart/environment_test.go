package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// What glibc reads when a process starts, the kernelspec has to give to the kernel, and the kernel to the process that
// computes.
func TestPluginHasTheKernelsEnvironment(t *testing.T) {
	const tunables = "GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=4294967296"
	bin, told := t.TempDir(), filepath.Join(t.TempDir(), "told")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kernel := filepath.Join(bin, "headstart")
	if data, err := os.ReadFile(self); err != nil {
		t.Fatal(err)
	} else if err := os.WriteFile(kernel, data, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nenv > " + told + ".part && mv " + told + ".part " + told + "\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, transferProgram), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kernel-1.json")
	if err := (wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: "hmac-sha256", Key: "key"}).Write(file); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(kernel, "kernel", "--connection-file", file)
	command.Env = append(program(t).Env, tunables)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill() // it has served its purpose
		_ = command.Wait()
	}()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(told)
		if err != nil {
			continue
		}
		if !strings.Contains("\n"+string(data), "\n"+tunables+"\n") {
			t.Errorf("the plugin's environment lacks %s:\n%s", tunables, data)
		}
		return
	}
	t.Error("the kernel did not start its plugin")
}
