package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestExplain holds the sentences against what the system, pip and go print.
func TestExplain(t *testing.T) {
	printed := func(text string) error {
		return &Error{command: "pip download", Output: text, err: errors.New("exit status 1")}
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"disk full":       {&fs.PathError{Op: "write", Path: "/a/b", Err: syscall.ENOSPC}, "the thing (/a/b): the disk is full: free some space"},
		"disk full, pip":  {printed("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"), "the disk is full"},
		"disk full, go":   {printed("go: writing stat cache: write /m: no space left on device"), "the disk is full"},
		"quota":           {&fs.PathError{Op: "write", Path: "/a/b", Err: syscall.EDQUOT}, "the disk quota is used up"},
		"read-only":       {&fs.PathError{Op: "mkdir", Path: "/a/b", Err: syscall.EROFS}, "the file system is read-only: choose a place"},
		"read-only, go":   {printed("mkdir /m: read-only file system"), "the file system is read-only"},
		"not one's own":   {&fs.PathError{Op: "mkdir", Path: "/a/b", Err: syscall.EACCES}, "no permission to write there: choose a place of your own"},
		"not one's, pip":  {printed("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/opt/x'"), "no permission to write there"},
		"file in the way": {&fs.PathError{Op: "mkdir", Path: "/a/b", Err: syscall.ENOTDIR}, "a file stands where a folder is needed"},
		"no such program": {&Error{command: "python3", err: &exec.Error{Name: "python3", Err: exec.ErrNotFound}}, "install it, or put its folder on PATH"},
		"hash, pip": {printed("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
			"does not have the expected hash and was deleted"},
		"hash, go":  {printed("verifying m@v1: checksum mismatch\n\tdownloaded: h1:a\n\tgo.sum: h1:b\n\nSECURITY ERROR\n"), "does not have the expected hash"},
		"cut, pip":  {printed("pip._vendor.urllib3.exceptions.ProtocolError: ('Connection broken: IncompleteRead(1 bytes read)'"), "the download was cut off"},
		"cut, go":   {printed("go: m@v1: Get \"https://x/m.zip\": unexpected EOF"), "the download was cut off"},
		"reset, go": {printed("go: m@v1: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer"), "the download was cut off"},
		"no network, pip": {printed("WARNING: Retrying after NewConnectionError\nERROR: No matching distribution found for x==1"),
			"the network cannot be reached: connect, or set HTTPS_PROXY"},
		"no network, go": {printed("dial tcp: lookup proxy on 1.1.1.1:53: no such host"), "the network cannot be reached"},
		"no proxy":       {printed("go: m@v1: module lookup disabled by GOPROXY=off"), "GOPROXY is off"},
		"proxy refuses":  {printed("Cannot connect to proxy. OSError('Tunnel connection failed: 407 Proxy Authentication Required')"), "check HTTPS_PROXY and its user name"},
		"certificate":    {printed("tls: failed to verify certificate: x509: certificate signed by unknown authority"), "certificate is not trusted"},
		"old Python": {printed("ERROR: Ignored the following versions that require a different python version: 1 Requires-Python >=3.11\nERROR: No matching distribution found for x==1"),
			"this Python is too old for x==1"},
		"poor mirror": {printed("ERROR: No matching distribution found for x==1"), "the package index in use does not have x==1"},
		"unknown":     {printed("\n# a package\n./x.go:1:1: wrong\n"), "pip download: exit status 1: # a package; ./x.go:1:1: wrong"},
	} {
		got := Explain(fmt.Errorf("while at it: %w", test.err), "the thing")
		if !strings.HasPrefix(got.Error(), "the thing") || !strings.Contains(got.Error(), test.want) || strings.Contains(got.Error(), "\n") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		if again := Explain(got, "something else"); again != got {
			t.Errorf("%s: explained twice: %q", name, again)
		}
	}
}
