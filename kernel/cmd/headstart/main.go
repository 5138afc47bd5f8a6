// Headstart is a Jupyter kernel for Go and transfer learning, and the command line of both.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/magics/commandline"
)

func main() {
	err := newRootCommand().ExecuteContext(context.Background())
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "headstart: "+visible.Text(err.Error()))
	os.Exit(commandline.ExitStatus(err))
}
