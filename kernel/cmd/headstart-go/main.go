// Command headstart-go is what GoNB finds as go: it builds the programs of cells; everything else goes to the real go command.
//
// GoNB finds it as gopls, too, and is told that there is none: the kernel asks a gopls of its own, which answers while a
// cell runs. Two would take twice the memory and, at the start, twice the time.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/gonb/gotool"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == debug.LaunchCommand {
		os.Exit(debug.Launch(os.Args[2:], os.Stderr))
	}
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "go: find the working directory:", err)
		os.Exit(1)
	}
	tool := gotool.Tool{Args: os.Args[1:], Dir: dir, Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr}
	if filepath.Base(os.Args[0]) == "gopls" {
		os.Exit(tool.RunGopls())
	}
	os.Exit(tool.Run())
}
