// Package descendant knows the processes below GoNB.
package descendant

import (
	"strconv"
	"syscall"
)

// readSyscall is the number of read(2) on this architecture, as /proc writes it.
var readSyscall = strconv.Itoa(syscall.SYS_READ)

// A Process is a process below GoNB: a Go tool, the program of a cell, a shell line, gopls.
type Process struct {
	ID, Parent int
	Name       string // as the system cuts it: 15 bytes on Linux
}

// LanguageServer is the process below GoNB that outlives its cells.
const LanguageServer = "gopls"

// IsTool tells the programs that GoNB runs to make a cell's program from the programs of the cell itself.
func (p Process) IsTool() bool {
	switch p.Name {
	case "go", "goimports", "compile", "link", "asm", "cgo", "gcc", "cc", "cc1", "as", "ld", "collect2", "clang", "git":
		return true
	}
	return false
}

// IsShell tells the shells that run ! lines and %%bash cells.
func (p Process) IsShell() bool { return p.Name == "bash" || p.Name == "sh" || p.Name == "dash" }

// Running is the phase of a cell whose program GoNB has built.
const Running = "running"

// Phase says what GoNB was doing, by what it runs.
func Phase(below []Process) string {
	doing := "starting"
	for _, p := range below {
		switch p.Name {
		case LanguageServer:
		case "goimports":
			return "finding its imports"
		case "compile", "link", "asm", "cgo":
			return "compiling"
		case "go":
			doing = "compiling"
		default:
			if !p.IsTool() {
				return Running
			}
		}
	}
	return doing
}
