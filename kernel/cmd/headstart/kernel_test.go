package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/kernel/zmq"
	"github.com/headstart-nb/headstart/magics/commandline/commandlinetest"
)

// asProgram makes the test binary behave as headstart itself.
const asProgram = "HEADSTART_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is a call of the program under test.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), asProgram+"=1", paths.HomeVar+"="+t.TempDir(), "XDG_RUNTIME_DIR="+t.TempDir(), "PATH=/usr/bin:/bin")
	return command
}

func TestOfServer(t *testing.T) {
	const byServer, byOne = "/run/kernel-0a1b2c3d-1111-4222-8333-44445555cccc.json", "/tmp/tmpd3u1pq9x.json"
	for _, test := range []struct {
		file, session string
		want          bool
	}{
		{byServer, "", true}, // an agent has started it, without a session
		{byServer, "a.ipynb", true},
		{"/run/kernel-1.json", "a.ipynb", true},
		{byOne, "", false},
		{"/run/kernel-4242.json", "", false}, // jupyter console
	} {
		t.Setenv(sessionNameVar, test.session)
		if got := ofServer(test.file); got != test.want {
			t.Errorf("of a server: %s, session %q: %t", test.file, test.session, got)
		}
	}
}

// The whole kernel, over real sockets whose ports it chooses itself, without any of the programs that it needs for cells.
func TestKernelAnswersWithoutItsTools(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kernel-1.json")
	if err := (wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: "hmac-sha256", Key: "key"}).Write(file); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	kernel := program(t, "kernel", "--connection-file", file, "cells.go") // as jupyter run passes its file on
	kernel.Stderr = &log
	if err := kernel.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- kernel.Wait() }()
	client := &testClient{t: t, session: "client"}
	client.connect(file)
	for _, cell := range []struct{ code, status, contains string }{
		{"%clear", wire.StatusOK, ""},
		{"%help --no-such-flag", wire.StatusError, "unknown flag"},
		{"%%\nfmt.Println(1)", wire.StatusError, "gonb"},
		{"%clear --wait", wire.StatusOK, ""},
	} {
		var reply wire.ExecuteReply
		client.ask("execute_request", wire.ExecuteRequest{Code: cell.code, StoreHistory: true}, &reply)
		text := ""
		if reply.Error != nil {
			text = reply.EValue
		}
		if reply.Status != cell.status || !strings.Contains(text, cell.contains) {
			t.Errorf("%q: %s %s", cell.code, reply.Status, text)
		}
	}
	var shutdown wire.Shutdown
	client.ask("shutdown_request", wire.Shutdown{}, &shutdown)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the kernel ended with %v\n%s", err, &log)
		}
	case <-time.After(20 * time.Second):
		_ = kernel.Process.Kill() // the test has failed already
		t.Error("the kernel does not end")
	}
}

// A testClient asks one question after the other on shell.
type testClient struct {
	t       *testing.T
	session string
	signer  *wire.Signer
	client  *zmq.Client
}

// connect waits until the kernel has written its ports into the file.
func (c *testClient) connect(file string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	c.t.Cleanup(cancel)
	for {
		info, err := wire.ReadConnection(file)
		if err != nil {
			c.t.Fatal(err)
		}
		if info.HBPort == 0 {
			time.Sleep(5 * time.Millisecond)
			if ctx.Err() != nil {
				c.t.Fatal("the kernel does not write its ports")
			}
			continue
		}
		if c.client, err = zmq.Dial(ctx, info, zmq.Options{}); err != nil {
			c.t.Fatal(err)
		}
		if c.signer, err = wire.NewSigner(info.SignatureScheme, info.Key); err != nil {
			c.t.Fatal(err)
		}
		c.t.Cleanup(func() { _ = c.client.Close() })
		return
	}
}

func (c *testClient) ask(kind string, content, reply any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m, err := wire.NewMessage(c.session, kind, content)
	if err != nil {
		c.t.Fatal(err)
	}
	frames, err := c.signer.Encode(m)
	if err == nil {
		err = c.client.Send(wire.Shell, frames)
	}
	if err == nil {
		frames, err = c.client.Receive(ctx, wire.Shell)
	}
	if err == nil {
		m, err = c.signer.Decode(frames)
	}
	if err == nil {
		err = json.Unmarshal(m.Content, reply)
	}
	if err != nil {
		c.t.Fatalf("%s: %v", kind, err)
	}
}

func TestErrorsAreOneSentence(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		args   []string
	}{
		"no connection file":      {2, []string{"kernel"}},
		"missing connection file": {1, []string{"kernel", "--connection-file", "/no/such/file.json"}},
		"unknown verb":            {2, []string{"trian"}},
		"unknown verb of plugin":  {2, []string{"plugin", "lst"}},
		"unknown flag":            {2, []string{"doctor", "--jsno"}},
		"help on what is not":     {2, []string{"help", "trian"}},
		"too many arguments":      {2, []string{"install", "a"}},
		"unknown level":           {2, []string{"kernel", "-f", "x", "--log-level", "loud"}},
		"no sibling":              {1, []string{"train", "images"}},
	} {
		t.Run(name, func(t *testing.T) {
			command := program(t, test.args...)
			var stderr bytes.Buffer
			command.Stderr = &stderr
			err := command.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != test.status {
				t.Errorf("ended with %v, want status %d", err, test.status)
			}
			if text := stderr.String(); !strings.HasPrefix(text, "headstart: ") || strings.Count(text, "\n") > 1 {
				t.Errorf("said %q", text)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	output, err := program(t, "version").Output()
	if err != nil || !strings.HasPrefix(string(output), "headstart "+version) {
		t.Errorf("%q, %v", output, err)
	}
	if flag, err := program(t, "--version").Output(); err != nil || string(flag) != string(output) {
		t.Errorf("--version prints %q, %v", flag, err)
	}
}

func TestHelpHasExamples(t *testing.T) { commandlinetest.Examples(t, newRootCommand()) }

func TestDelegatesKeepArgumentsAndExitStatus(t *testing.T) {
	folder := t.TempDir()
	script := "#!/bin/sh\necho \"$# $*\"\nexit 3\n"
	if err := os.WriteFile(filepath.Join(folder, transferProgram), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	command := program(t, "predict", "model dir", "--json", "--help")
	command.Env = append(command.Env, "PATH="+folder+":/usr/bin:/bin")
	output, err := command.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("ended with %v", err)
	}
	if string(output) != "4 predict model dir --json --help\n" {
		t.Errorf("printed %q", output)
	}
}
