package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/magics/commandline"
)

const version = headstart.Version

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  headstart version",
		Args:    commandline.Args(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(command.OutOrStdout(), versionLine())
			return err
		},
	}
}

// versionTimeout is how long the go command may take to say its version.
const versionTimeout = 5 * time.Second

// versionsForMagic is what %version shows of the programs in a folder, as %doctor reads them.
func versionsForMagic(bin string) func(context.Context) []builtin.Version {
	return func(ctx context.Context) []builtin.Version {
		list := []builtin.Version{{Program: "headstart", Version: version + revision()}}
		for _, tool := range []string{"gonb", "goimports", "gopls", install.Delve} {
			found, err := install.VersionOf(filepath.Join(bin, tool))
			if err != nil {
				found = "missing: %doctor says what to do"
			}
			list = append(list, builtin.Version{Program: tool, Version: found})
		}
		ctx, cancel := context.WithTimeout(ctx, versionTimeout)
		defer cancel()
		found := "missing: %doctor says what to do"
		goCommand := exec.CommandContext(ctx, "go", "env", "GOVERSION")
		goCommand.Env = goenv.Anywhere(os.Environ())
		if output, err := goCommand.Output(); err == nil {
			found = strings.TrimSpace(string(output))
		}
		return append(list, builtin.Version{Program: "go", Version: found})
	}
}

// versionLine is what the command version and the flag --version print.
func versionLine() string {
	return fmt.Sprintf("headstart %s%s %s %s/%s", version, revision(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// revision is the commit that the program was built from, where the build knew it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return " (" + setting.Value[:12] + ")"
		}
	}
	return ""
}
