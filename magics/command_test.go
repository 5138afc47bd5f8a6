package magics_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

var update = flag.Bool("update", false, "write the golden files")

type fitOptions struct {
	Epochs  int
	Pool    string
	Weights string
	Out     string
}

var fit = &magics.Command[fitOptions]{
	Use:     "fit DIR [NAME]",
	Short:   "Fits a model to a folder",
	Long:    "Long says more.",
	Example: "%fit images --epochs 3",
	Args:    magics.Args{Min: 1, Max: 2, Complete: magics.Files},
	JSON:    true,
	Flags: func(f *pflag.FlagSet, o *fitOptions) {
		f.IntVarP(&o.Epochs, "epochs", "e", 10, "passes over the images")
		magics.Enum(f, &o.Pool, "pool", "avg", []string{"avg", "max", "none"}, "how to pool")
		magics.Suggest(f, &o.Weights, "weights", "imagenet", []string{"imagenet", "random"}, "FILE", "where to start from")
		magics.Path(f, &o.Out, "out", "", "where to save the model")
	},
	Do: func(_ context.Context, in *magics.Invocation, o *fitOptions) error {
		return in.Result(map[string]any{"args": in.Args, "epochs": o.Epochs, "pool": o.Pool, "weights": o.Weights, "changed": in.Flags.Changed("epochs")},
			func() (display.Bundle, error) { return display.Text("fitted"), nil })
	},
}

var shout = &magics.RawCommand[struct{ Mark string }]{
	Use: "shout", Short: "Shouts the cell", Body: magics.NeedsBody,
	Flags: func(f *pflag.FlagSet, o *struct{ Mark string }) { f.StringVar(&o.Mark, "mark", "", "what to end with") },
	Do: func(_ context.Context, in *magics.Invocation, o *struct{ Mark string }) error {
		return in.Printf("%s|%s%s", in.Line, strings.ToUpper(in.Call.Body), o.Mark)
	},
}

var group = &magics.Group{
	Use: "data", Short: "Looks after data", Default: "list",
	Commands: []magics.Subcommand{fit, &magics.Command[struct{}]{
		Use: "list", Short: "Lists data",
		Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error { return in.Printf("listed") },
	}},
}

func TestCommand(t *testing.T) {
	for cell, want := range map[string]string{
		"%fit a --json":                          `{"args":["a"],"changed":false,"epochs":10,"pool":"avg","weights":"imagenet"}`,
		"%fit -e 3 'a b' c --pool=max --json":    `{"args":["a b","c"],"changed":true,"epochs":3,"pool":"max","weights":"imagenet"}`,
		"%fit --weights my.safetensors a --json": `{"args":["a"],"changed":false,"epochs":10,"pool":"avg","weights":"my.safetensors"}`,
		"%fit --json -- --odd":                   `{"args":["--odd"],"changed":false,"epochs":10,"pool":"avg","weights":"imagenet"}`,
		"%fit":                                   "error: %fit: DIR [NAME] is missing; %fit --help says more",
		"%fit a b c":                             `error: %fit: unexpected argument "c": the magic takes at most 2; %fit --help says more`,
		"%fit a --epoch 3":                       "error: %fit: unknown flag: --epoch; did you mean --epochs? %fit --help shows its flags",
		"%fit a --epochs many":                   `error: %fit: invalid argument "many" for "-e, --epochs" flag: must be an integer; %fit --help shows its flags`,
		"%fit a --pool mx":                       `error: %fit: invalid argument "mx" for "--pool" flag: must be one of avg, max, none; got mx; did you mean max? %fit --help shows its flags`,
		"%%fit a\nbody":                          "error: %%fit: the magic takes no body: write %fit, with one percent sign",
		"%shout":                                 "error: %shout: the magic needs the cell below its line: write %%shout, with two percent signs",
		"%%shout a > 3 | --it's\nhello":          "a > 3 | --it's|HELLO",
		"%%shout --mark '!' say 'it\nhello":      "say 'it|HELLO!",
		"%%shout --mark=! -- -5\nhello":          "-5|HELLO!",
		"%%shout --mak ! x\nhello":               "error: %shout: unknown flag: --mak; did you mean --mark? %shout --help shows its flags",
		"%data":                                  "listed",
		"%data | tr a-z A-Z":                     "LISTED",
		"%data --json":                           "error: %data list: unknown flag: --json; %data list --help shows its flags",
		"%data fit a --json":                     `{"args":["a"],"changed":false,"epochs":10,"pool":"avg","weights":"imagenet"}`,
		"%data fit":                              "error: %data fit: DIR [NAME] is missing; %data fit --help says more",
		"%data lsit":                             `error: %data: unknown command "lsit"; did you mean %data list?`,
		"%data list x":                           `error: %data list: unexpected argument "x": the magic takes none; %data list --help says more`,
		"%fit a > x y":                           `error: %fit: unexpected "y" after > x: an output has one target; put the arguments before the >; %fit --help shows its flags`,
		"%fit a |":                               "error: %fit: the target after | is missing: name where the output goes, or quote the | if it is an argument; %fit --help shows its flags",
		"%fit a => 3x":                           `error: %fit: "3x" is not a valid name of a Go variable: use letters and digits, as in => report; %fit --help shows its flags`,
		"%fit a --json '>' | tr a-z A-Z":         `{"ARGS":["A","\U003E"],"CHANGED":FALSE,"EPOCHS":10,"POOL":"AVG","WEIGHTS":"IMAGENET"}`,
	} {
		h := &magictest.Host{}
		m := map[string]magics.Magic{"fit": fit, "shout": shout, "data": group}[strings.Fields(strings.TrimLeft(cell, "%"))[0]]
		got := ""
		if err := h.Run(t.Context(), m, cell); err != nil {
			got = "error: " + err.Error()
		} else {
			got = strings.TrimSpace(h.Output())
		}
		if got != want {
			t.Errorf("%s\n got: %s\nwant: %s", cell, got, want)
		}
	}
}

func TestResultWithoutJSONIsShown(t *testing.T) {
	h := &magictest.Host{}
	if err := h.Run(t.Context(), fit, "%fit a"); err != nil {
		t.Fatal(err)
	}
	if outputs := h.Outputs(); len(outputs) != 1 || h.Output() != "" || outputs[0].Bundles[0].Data[display.MIMEText] != "fitted" {
		t.Errorf("outputs %v, text %q", h.Outputs(), h.Output())
	}
}

func TestHelpIsGolden(t *testing.T) {
	for _, m := range []magics.Magic{fit, shout, group} {
		h := &magictest.Host{}
		cell := "%" + m.Name() + " --help"
		if err := h.Run(t.Context(), m, cell); err != nil {
			t.Fatal(err)
		}
		shown := h.Outputs()[0].Bundles[0].Data
		text, _ := shown[display.MIMEText].(string)
		page, _ := shown[display.MIMEHTML].(string)
		if m.Help() != text {
			t.Errorf("%s: Help and --help differ", m.Name())
		}
		for extension, got := range map[string]string{".help": text + "\n", ".html": page + "\n"} {
			file := filepath.Join("testdata", m.Name()+extension)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s: %s", file, diff)
			}
		}
		inspected, err := m.(magics.Inspector).Inspect(t.Context(), "", 0)
		if err != nil || inspected.Data[display.MIMEHTML] != page {
			t.Errorf("%s: Shift-Tab shows another page than --help, %v", m.Name(), err)
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"images", "plots"} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("plan.txt", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string][]string{
		"--p":            {"--pool"},
		"pl":             {"plan.txt", "plots/"},
		"--pool ":        {"avg", "max", "none"},
		"--pool=m":       {"--pool=max"},
		"--json=":        {"--json=false", "--json=true"},
		"-e ":            nil,
		"--weights r":    {"random"},
		"--weights p":    {"plan.txt", "plots/"},
		"a --out plan":   {"plan.txt"},
		"--nonsense=":    nil,
		"--epochs 3 ima": {"images/"},
	} {
		got, err := fit.Complete(t.Context(), line, len(line))
		if err != nil || !cmp.Equal(got, want, cmpopts.EquateEmpty()) {
			t.Errorf("%q: %q, %v", line, got, err)
		}
	}
	for line, want := range map[string][]string{
		"":                 {"--help", "fit", "list"},
		"f":                {"fit"},
		"fit --pool n":     {"none"},
		"nothing --pool n": nil,
	} {
		got, err := group.Complete(t.Context(), line, len(line))
		if err != nil || !cmp.Equal(got, want, cmpopts.EquateEmpty()) {
			t.Errorf("%%data %q: %q, %v", line, got, err)
		}
	}
}

func TestInspection(t *testing.T) {
	text := func(m magics.Inspector, line string, cursor int) string {
		t.Helper()
		b, err := m.Inspect(t.Context(), line, cursor)
		if err != nil {
			t.Fatal(err)
		}
		return b.Data[display.MIMEText].(string)
	}
	if got, want := text(fit, "a --pool=max", 5), "--pool avg|max|none\n  how to pool\n  default: avg"; got != want {
		t.Errorf("got %q", got)
	}
	if got := text(fit, "a --pool", 1); got != fit.Help() {
		t.Errorf("got %q", got)
	}
	if got := text(group, "fit a", 2); !strings.Contains(got, "%data fit DIR [NAME] [flags]") || strings.Contains(got, "Lists data") {
		t.Errorf("got %q", got)
	}
	if got := text(group, "fit --epochs 3", 7); !strings.HasPrefix(got, "-e, --epochs int") {
		t.Errorf("got %q", got)
	}
}

func TestOutput(t *testing.T) {
	t.Chdir(t.TempDir())
	h := &magictest.Host{Folder: t.TempDir()}
	for _, cell := range []string{"%data list > a.txt", "%data list >> a.txt", "%data list => report"} {
		if err := h.Run(t.Context(), group, cell); err != nil {
			t.Fatalf("%s: %v", cell, err)
		}
	}
	if text, err := os.ReadFile("a.txt"); err != nil || string(text) != "listedlisted" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if h.Output() != "" {
		t.Errorf("the cell shows %q", h.Output())
	}
	file := filepath.Join(h.Folder, "variables", "report.txt")
	if text, err := os.ReadFile(file); err != nil || string(text) != "listed" {
		t.Errorf("the variable's file holds %q, %v", text, err)
	}
	if code := h.Executed(); len(code) != 1 || !strings.Contains(code[0], "var report = func() string {") || !strings.Contains(code[0], file) {
		t.Errorf("the declaration is %q", code)
	}
	for cell, want := range map[string]string{
		"%data list > no/such/folder": "send the output to no/such/folder",
		"%data list | exit 3":         `send the output through "exit 3": exit status 3`,
	} {
		if err := h.Run(t.Context(), group, cell); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", cell, err)
		}
	}
}
