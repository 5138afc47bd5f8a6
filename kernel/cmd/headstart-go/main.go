// Command headstart-go is what GoNB finds as go: it builds the programs of cells, and hands all else to the real go.
package main

import (
	"fmt"
	"os"

	"github.com/headstart-nb/headstart/kernel/gotool"
)

func main() {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "go: find the working directory:", err)
		os.Exit(1)
	}
	tool := gotool.Tool{Args: os.Args[1:], Dir: dir, Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(tool.Run())
}
