package doctor

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/install"
)

// patience is how long a program that is only asked for its version, or a small job, may take.
const patience = 2 * time.Minute

// run returns what a program wrote to standard output, and its complaint where it failed.
func run(ctx context.Context, env []string, stdin, name string, args ...string) (stdout string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	// No file in a folder around the working directory has a say in what a go command does.
	cmd.Env = append(goenv.Anywhere(os.Environ()), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return out.String(), fmt.Errorf("%s did not answer within %s", name, patience)
	case err != nil && errs.Len() > 0:
		return out.String(), fmt.Errorf("%w: %s", err, oneLine(errs.String()))
	}
	return out.String(), err
}

func checkGo(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "Go"
	if s.goTool == "" {
		return failed(name, "no go command was found: Go cells cannot be built", install.GoHint())
	}
	out, err := run(ctx, nil, "", s.goTool, "env", "GOVERSION")
	if err != nil {
		return failed(name, fmt.Sprintf("%s does not run: %v", s.goTool, err), install.GoHint())
	}
	found := strings.TrimSpace(out)
	if release, _, _ := strings.Cut(found, " "); version.Compare(release, "go"+install.MinimumGo) < 0 {
		return failed(name, fmt.Sprintf("%s at %s is older than %s", found, s.goTool, install.MinimumGo), install.GoHint())
	}
	return ok(name, found+" at "+s.goTool)
}

// checkCompiler compiles a program that needs the C library's headers, which some systems package apart.
func checkCompiler(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "C compiler"
	if s.compiler == "" {
		return warning(name, "none was found: Go cells that import models or other C code cannot be built", install.CompilerHint())
	}
	program := "#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n"
	if _, err := run(ctx, nil, program, s.compiler, "-x", "c", "-", "-o", os.DevNull); err != nil {
		return warning(name, fmt.Sprintf("%s cannot compile a small program: %v", s.compiler, err), install.CompilerHint())
	}
	return ok(name, s.compiler)
}

func checkTool(program string) func(context.Context, *subject) diagnosis.Diagnosis {
	purpose := map[string]string{
		"gonb": "Go cells cannot run", "goimports": "Go cells cannot run", "gopls": "Go code is neither completed nor explained",
		install.Delve: "Go cells cannot be debugged",
	}[program]
	return func(_ context.Context, s *subject) diagnosis.Diagnosis {
		path := s.Layout.Program(program)
		want := install.Tools()[program]
		found, err := install.VersionOf(path)
		switch {
		case !exists(path):
			return failed(program, fmt.Sprintf("%s is missing: %s", path, purpose), s.Layout.Command())
		case err != nil:
			return failed(program, fmt.Sprintf("%s is damaged: %s", path, purpose), "remove "+path+" and run "+s.Layout.Command())
		case found != want:
			return warning(program, fmt.Sprintf("%s is at %s, not at %s, with which this release was tested", path, found, want), s.Layout.Command())
		}
		if !install.Repaired(program, path) {
			return warning(program, path+" lacks the corrections of this release: long output may lose characters that are not ASCII", s.Layout.Command())
		}
		return ok(program, want)
	}
}

// checkDebugger also sees whether a debugger may work here. Without one cells run all the same.
func checkDebugger(ctx context.Context, s *subject) diagnosis.Diagnosis {
	found := checkTool(install.Delve)(ctx, s)
	if found.Severity == diagnosis.Error {
		found.Severity = diagnosis.Warning
	}
	if found.Severity == diagnosis.OK {
		if err := s.canTrace(); err != nil {
			return warning(install.Delve, fmt.Sprintf("no program may trace another here: Go cells cannot be debugged: %v", err), debug.AllowTracing)
		}
	}
	return found
}

// checkPrograms compares the commits that the project's own programs were built from.
func checkPrograms(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "versions"
	revisions := map[string]string{}
	for _, program := range []string{"headstart", "headstart-go", "headstart-transfer"} {
		path := s.Layout.Program(program)
		info, err := buildinfo.ReadFile(path)
		switch {
		case !exists(path) && program == "headstart":
			return failed(name, path+" is missing: the kernel cannot start", s.Layout.Command())
		case !exists(path):
			return warning(name, path+" is missing: "+map[string]string{
				"headstart-go": "variables do not last from one Go cell to the next, and cells build slower", "headstart-transfer": "%dataset, %model and %train are missing",
			}[program], s.Layout.Command())
		case err != nil:
			return failed(name, path+" is damaged", "remove "+path+" and run "+s.Layout.Command())
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revisions[program] = setting.Value
			}
		}
	}
	kernel := revisions["headstart"]
	for program, revision := range revisions {
		if revision != kernel {
			return warning(name, fmt.Sprintf("%s was built from another commit (%.12s) than headstart (%.12s)", program, revision, kernel), s.Layout.Command())
		}
	}
	found := "headstart " + s.Version
	if kernel != "" {
		found += fmt.Sprintf(" (%.12s)", kernel)
	}
	return ok(name, found)
}
