package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/install"
)

// installedProgram is a copy of the program under test in an installation in a prefix, whose kernelspec sets variables,
// beside a headstart-transfer that prints its environment.
func installedProgram(t *testing.T, marks ...string) string {
	t.Helper()
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	prefix := t.TempDir()
	root := filepath.Join(prefix, "lib", "headstart")
	program := filepath.Join(root, "bin", "headstart")
	files := map[string]string{
		program: string(self),
		filepath.Join(root, "bin", transferProgram): "#!/bin/sh\nenv\n",
		filepath.Join(prefix, "share", "jupyter", "kernels", "headstart", "kernel.json"): `{"argv": ["x"], "env": {
			"PATH": "/kernels", "HEADSTART_HOME": "/kernels/home", "GLIBC_TUNABLES": "kernels", "PJRT_PLUGIN_LIBRARY_PATH": "/kernels/lib"}}`,
	}
	for _, mark := range marks {
		files[filepath.Join(root, mark)] = "{}"
	}
	for file, text := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return program
}

// The command line computes with the device, the home and the cache of the notebooks, without being told.
func TestCommandLineUsesItsInstallation(t *testing.T) {
	base := []string{asProgram + "=1", "HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
	for name, test := range map[string]struct {
		mark string
		env  []string
		want []string
	}{
		"installed": {"manifest.json", nil, []string{"HEADSTART_HOME=/kernels/home", "PJRT_PLUGIN_LIBRARY_PATH=/kernels/lib", "GLIBC_TUNABLES=kernels", "PATH=/usr/bin:/bin"}},
		"told":      {"manifest.json", []string{"PJRT_PLUGIN_LIBRARY_PATH=/mine"}, []string{"PJRT_PLUGIN_LIBRARY_PATH=/mine", "HEADSTART_HOME=/kernels/home"}},
		"wheel":     {install.WheelMark, []string{"PJRT_PLUGIN_LIBRARY_PATH=/launchers"}, []string{"PJRT_PLUGIN_LIBRARY_PATH=/launchers", "GLIBC_TUNABLES=kernels"}},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command(installedProgram(t, test.mark), "train", "images")
			command.Env = append(base[:len(base):len(base)], test.env...)
			output, err := command.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			for _, want := range test.want {
				if !strings.Contains("\n"+string(output), "\n"+want+"\n") {
					t.Errorf("it computes without %s:\n%s", want, output)
				}
			}
		})
	}
	command := exec.Command(installedProgram(t), "train", "images") // a program that was only built
	command.Env = base
	if output, err := command.Output(); err != nil || strings.Contains(string(output), "kernels") {
		t.Errorf("without an installation: %v\n%s", err, output)
	}
}

// An interrupt reaches what computes, also where it is sent to headstart alone, and headstart ends with it, after its last line.
func TestAnInterruptEndsTheDelegate(t *testing.T) {
	installed := installedProgram(t)
	script := "#!/bin/sh\ntrap 'echo the best model is kept; exit 1' INT\necho $$\nwhile :; do sleep 0.05; done\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(installed), transferProgram), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(installed, "train", "images")
	command.Env = []string{asProgram + "=1", "HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != strconv.Itoa(command.Process.Pid) {
		t.Errorf("the process %s computes, and the shell started %d", lines.Text(), command.Process.Pid)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || lines.Text() != "the best model is kept" {
		t.Errorf("its last line is %q", lines.Text())
	}
	if err := command.Wait(); command.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v", err)
	}
}

func TestWhatPipInstalledIsLeftToPip(t *testing.T) {
	program := installedProgram(t, install.WheelMark)
	prefix := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(program))))
	for _, verb := range []string{"install", "uninstall"} {
		command := exec.Command(program, verb, "--prefix", prefix, "--device", "cpu")
		if verb == "uninstall" {
			command = exec.Command(program, verb, "--prefix", prefix)
		}
		command.Env = []string{asProgram + "=1", "HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
		output, err := command.CombinedOutput()
		if err == nil || !strings.Contains(string(output), "pip uninstall headstart_kernel") || strings.Count(string(output), "\n") != 1 {
			t.Errorf("%s: %v, %q", verb, err, output)
		}
	}
}
