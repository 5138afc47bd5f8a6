package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/kernel/notebook"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

//go:embed run.py
var runScript string

// A notebookRun is one use of the run command.
type notebookRun struct {
	out, html, python, kernel, label string
	parameters                       []string
	timeout                          time.Duration
	trained                          bool // whether a notebook that trains nothing is a failure
}

func newRunCommand() *cobra.Command {
	var r notebookRun
	command := &cobra.Command{
		Use:   "run NOTEBOOK",
		Short: "Execute a notebook without a browser and save it with its results",
		Long: `Execute a notebook without a browser and save it with its results. It fails if a cell fails; the notebook is saved
as far as it got. The last line of output is what the last training reached.

-p train.epochs=3 sets a magic's flag wherever the notebook calls that magic; -p name=value sets a Go variable, in a cell
that follows the one tagged "parameters", with the type that it has there.`,
		Example: `  headstart run quickstart.ipynb -p train.epochs=3
  headstart run quickstart.ipynb --out results/quickstart.ipynb --html results/quickstart.html`,
		Args: commandline.Args(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(command.Context(), ends()...)
			defer stop()
			return r.run(ctx, args[0], command.OutOrStdout(), command.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringArrayVarP(&r.parameters, "parameter", "p", nil, "a parameter as name=value; may be given again")
	flags.StringVarP(&r.out, "out", "o", "", "where to save the executed notebook (default: NOTEBOOK with .executed.ipynb)")
	flags.StringVar(&r.html, "html", "", "save a web page of it here as well")
	flags.StringVar(&r.python, "python", "", "the Python interpreter that has nbclient (default: the installation's, else python3)")
	flags.StringVar(&r.kernel, "kernel", install.KernelName, "the kernelspec to run it with")
	flags.StringVar(&r.label, "label", "run", "the first word of the last line")
	flags.BoolVar(&r.trained, "expect-training", false, "fail if no cell trained a model")
	flags.DurationVar(&r.timeout, "timeout", 0, "give up on a cell after this time; 0 waits forever")
	return command
}

func (r *notebookRun) run(ctx context.Context, file string, stdout, stderr io.Writer) error {
	if r.out == "" {
		r.out = strings.TrimSuffix(file, ".ipynb") + ".executed.ipynb"
	}
	if err := r.checkOutputs(); err != nil {
		return err
	}
	prepared, err := r.prepare(file)
	if err != nil {
		return err
	}
	defer os.Remove(prepared)
	result, err := r.execute(ctx, prepared, filepath.Dir(file), stderr)
	if err != nil {
		return err
	}
	if result.Failure != "" {
		return fmt.Errorf("a cell of %s failed: %s; as far as it got, the notebook is in %s", file, result.Failure, r.out)
	}
	executed, err := notebook.Read(r.out)
	if err != nil {
		return err
	}
	summary, trained := r.summary(executed, result.Seconds)
	if r.trained && !trained {
		return fmt.Errorf("no cell of %s trained a model: its outputs hold no result of %%train; look into %s", file, r.out)
	}
	_, err = fmt.Fprintln(stdout, summary)
	return err
}

// ends are the signals that end a run. A terminal that is closed tells its own process group alone, which the client is not one of; with nohup
// the run outlasts it.
func ends() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// checkOutputs makes the paths of what is saved absolute, and their folders, and refuses those where nothing can be saved: at the
// end of a run its results would be lost.
func (r *notebookRun) checkOutputs() error {
	for _, path := range []*string{&r.out, &r.html} {
		if *path == "" {
			continue
		}
		full, err := homepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = full
		folder := filepath.Dir(full)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("making the folder for %s: %w", full, err)
		}
		if info, err := os.Stat(full); err == nil && info.IsDir() {
			return fmt.Errorf("saving results as %s: it is a folder; name a file in it", full)
		}
		if err := atomicfile.Replaceable(full); err != nil {
			return fmt.Errorf("saving results as %s: %w", full, err)
		}
		trial, err := os.CreateTemp(folder, ".headstart-run-*.tmp")
		if err != nil {
			return fmt.Errorf("saving results as %s: %w; name a file in a folder that can be written to", full, err)
		}
		if err := errors.Join(trial.Close(), os.Remove(trial.Name())); err != nil {
			return fmt.Errorf("saving results as %s: %w", full, err)
		}
	}
	return nil
}

// prepare writes the notebook with its parameters to a temporary file.
func (r *notebookRun) prepare(file string) (string, error) {
	nb, err := notebook.Read(file)
	if err != nil {
		return "", err
	}
	parameters := make([]notebook.Parameter, len(r.parameters))
	for i, text := range r.parameters {
		if parameters[i], err = notebook.ParseParameter(text); err != nil {
			return "", err
		}
	}
	if err := nb.Set(parameters, setFlag); err != nil {
		return "", err
	}
	data, err := nb.Bytes()
	if err != nil {
		return "", fmt.Errorf("preparing the notebook %s: %w", file, err)
	}
	temporary, err := os.CreateTemp("", "headstart-run-*.ipynb")
	if err != nil {
		return "", fmt.Errorf("preparing the notebook %s: %w", file, err)
	}
	_, err = temporary.Write(data)
	return temporary.Name(), errors.Join(err, temporary.Close())
}

// setFlag is a notebook.FlagSetter for cells of Go.
func setFlag(code, magic, flag, value string) (changed string, calls int) {
	return registry.WithFlag(code, magic, flag, value, cell.NewScanner())
}

// A runResult is what the script reports.
type runResult struct {
	Seconds float64
	Failure string
}

func (r *notebookRun) execute(ctx context.Context, prepared, folder string, stderr io.Writer) (runResult, error) {
	var result runResult
	folder, err := filepath.Abs(folder)
	if err != nil {
		return result, err
	}
	args := []string{prepared, "--out", r.out, "--folder", folder, "--kernel", r.kernel}
	if r.html != "" {
		args = append(args, "--html", r.html)
	}
	if r.timeout > 0 {
		args = append(args, "--timeout", strconv.FormatFloat(r.timeout.Seconds(), 'f', -1, 64))
	}
	interpreter, jupyterPath := install.Jupyter(r.python)
	cmd := exec.CommandContext(ctx, interpreter, python.Code(runScript, args...)...)
	cmd.Env = append(os.Environ(), "JUPYTER_PATH="+jupyterPath)
	// An interrupt lets the client end the kernel; killing the client would leave the kernel to notice. Ctrl+C in a terminal reaches
	// all processes of a group: as one of another group the client is interrupted once, and saves what there is.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			if cmd.ProcessState.Success() {
				return result, fmt.Errorf("the run was interrupted; as far as it got, the notebook is in %s", r.out)
			}
			return result, errors.New("the run was interrupted")
		}
		switch cmd.ProcessState.ExitCode() {
		case 3:
			return result, fmt.Errorf("%s has no nbclient to run notebooks with: %s -P -m pip install nbclient nbconvert, or name another with --python", interpreter, interpreter)
		case 4:
			return result, fmt.Errorf("the kernel %s is not known to the Jupyter of %s: run headstart install", r.kernel, interpreter)
		}
		return result, fmt.Errorf("running the notebook with %s: %w", interpreter, err)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil {
		return result, fmt.Errorf("running the notebook with %s: it reported %q instead of a result", interpreter, stdout.String())
	}
	return result, nil
}

// runMIME is what %train shows beside its figures.
const runMIME = display.MIMEPrefix + "run" + display.MIMESuffix

// summary is the last line of output, and whether a training is in it.
func (r *notebookRun) summary(executed *notebook.Notebook, seconds float64) (line string, trained bool) {
	var last struct {
		ValAccuracy *float64 `json:"val_accuracy"`
		Epoch       int      `json:"epoch"`
		Images      int      `json:"images"`
		Backend     string   `json:"backend"`
	}
	if !executed.Last(runMIME, &last) || last.ValAccuracy == nil {
		return fmt.Sprintf("%s: seconds=%.1f", r.label, seconds), false
	}
	return fmt.Sprintf("%s: val_accuracy=%.4f epochs=%d images=%d seconds=%.1f backend=%s",
		r.label, *last.ValAccuracy, last.Epoch, last.Images, seconds, last.Backend), true
}
