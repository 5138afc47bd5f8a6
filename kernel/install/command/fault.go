package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// Explain turns what the system or a command reported into one sentence that says what was tried and what to do.
func Explain(err error, tried string) error {
	var told *faultError
	if err == nil || errors.As(err, &told) {
		return err
	}
	where := tried
	var path *fs.PathError
	if errors.As(err, &path) {
		where = tried + " (" + path.Path + ")"
	}
	var failed *Error
	printed := ""
	if errors.As(err, &failed) {
		printed = failed.Output
	}
	switch {
	case errors.Is(err, syscall.ENOSPC) || tells(printed, "no space left on device"):
		return Fault(err, "%s: the disk is full: free some space (a full installation takes 1.5 GB), or choose another place with --prefix", where)
	case errors.Is(err, syscall.EDQUOT) || tells(printed, "disk quota exceeded"):
		return Fault(err, "%s: the disk quota is used up: free some space, or choose another place with --prefix", where)
	case errors.Is(err, syscall.EROFS) || tells(printed, "read-only file system"):
		return Fault(err, "%s: the file system is read-only: choose a place that can be written to with --user or --prefix", where)
	case errors.Is(err, fs.ErrPermission) || tells(printed, "[errno 13]"):
		return Fault(err, "%s: no permission to write there: choose a place of your own with --user or --prefix", where)
	case errors.Is(err, syscall.ENOTDIR):
		return Fault(err, "%s: a file stands where a folder is needed: move it away, or choose another place with --prefix", where)
	case errors.Is(err, exec.ErrNotFound):
		return Fault(err, "%s: %v: install it, or put its folder on PATH", where, err)
	}
	if problem := networkProblem(printed); problem != "" {
		return Fault(err, "%s: %s", where, problem)
	}
	return Fault(err, "%s: %v", where, err)
}

// ExplainStep explains the error of a transaction, which says itself what was tried.
func ExplainStep(err error) error {
	if step := (*transaction.Error)(nil); errors.As(err, &step) {
		return Explain(step.Err, step.Tried)
	}
	return err
}

// tells reports whether a command's output has a text of the C library's, which Python begins with a capital.
func tells(printed, text string) bool { return strings.Contains(strings.ToLower(printed), text) }

// networkProblem recognizes in a command's output why a download failed. Later lines of a log tell the outcome, but each
// of these texts is found in no log of another failure.
func networkProblem(printed string) string {
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(printed, text) {
				return true
			}
		}
		return false
	}
	switch {
	case has("DO NOT MATCH THE HASHES", "checksum mismatch", "SECURITY ERROR"):
		return "a downloaded file does not have the expected hash and was deleted: try again, and if it stays so, ask whoever runs your proxy or package mirror"
	case has("IncompleteRead", "is invalid.", "Connection broken", "ConnectionResetError", "unexpected EOF", ": EOF", "connection reset by peer", "RemoteDisconnected", "Read timed out", "read timed out"):
		return "the download was cut off: try again, or use a network without a proxy that cuts long downloads"
	case has("Name or service not known", "Temporary failure in name resolution", "no such host", "server misbehaving", "nodename nor servname",
		"Network is unreachable", "network is unreachable", "Connection refused", "connection refused", "NewConnectionError", "i/o timeout", "ConnectTimeoutError"):
		return "the network cannot be reached: connect, or set HTTPS_PROXY, PIP_INDEX_URL and GOPROXY to what your network offers, and run it again"
	case has("disabled by GOPROXY=off"):
		return "GOPROXY is off, and Go's module cache lacks what is needed: set GOPROXY to what your network offers"
	case has("407 Proxy", "Tunnel connection failed", "ProxyError"):
		return "the proxy refused the connection: check HTTPS_PROXY and its user name"
	case has("CERTIFICATE_VERIFY_FAILED", "x509:"):
		return "the server's certificate is not trusted: add your network's certificate to the system, and set PIP_CERT and SSL_CERT_FILE to it"
	case has("No matching distribution found"):
		return missingPackage(printed)
	}
	return ""
}

// minimumPython is the oldest that the pinned packages run on: the one of Debian 12.
const minimumPython = "3.11.2"

var missingDistribution = regexp.MustCompile(`No matching distribution found for (\S+)`)

// missingPackage tells a package index that lacks a package from one that has it for other versions of Python only.
func missingPackage(printed string) string {
	name := "a package"
	if match := missingDistribution.FindStringSubmatch(printed); match != nil {
		name = match[1]
	}
	if strings.Contains(printed, "Requires-Python") {
		return fmt.Sprintf("this Python is too old for %s: use Python %s or newer, named with --python", name, minimumPython)
	}
	return fmt.Sprintf("the package index in use does not have %s: unset PIP_INDEX_URL and PIP_NO_INDEX, or ask whoever runs your mirror", name)
}

// A faultError is an error that is ready to be shown.
type faultError struct {
	text  string
	cause error
}

func (e *faultError) Error() string { return e.text }
func (e *faultError) Unwrap() error { return e.cause }

// Fault is an error that is shown as it stands.
func Fault(cause error, format string, args ...any) error {
	return &faultError{text: fmt.Sprintf(format, args...), cause: cause}
}
