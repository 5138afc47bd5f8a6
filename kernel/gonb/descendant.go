package gonb

import (
	"strconv"
	"syscall"
)

// readSyscall is the number of read(2) on this architecture, as /proc writes it.
var readSyscall = strconv.Itoa(syscall.SYS_READ)

// A descendant is a process below GoNB: a Go tool, the program of a cell, a shell line, gopls.
type descendant struct {
	id, parent int
	name       string // as the system cuts it: 15 bytes on Linux
}

// languageServer is the process below GoNB that outlives its cells.
const languageServer = "gopls"

// isTool tells the programs that GoNB runs to make a cell's program from the programs of the cell itself.
func (p descendant) isTool() bool {
	switch p.name {
	case "go", "goimports", "compile", "link", "asm", "cgo", "gcc", "cc", "cc1", "as", "ld", "collect2", "clang", "git":
		return true
	}
	return false
}

// isShell tells the shells that run ! lines and %%bash cells.
func (p descendant) isShell() bool { return p.name == "bash" || p.name == "sh" || p.name == "dash" }
