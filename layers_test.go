package headstart_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/headstart-nb/headstart/"

// layers lists the project's packages, lowest first: a package may import only what stands on an earlier line, or, on
// its own line, what stands left of it. An entry that ends in /... covers the packages below it as well.
//
// Do not edit this list to make a build pass: an import that it refuses is a design question.
var layers = [][]string{
	{"internal/need", "internal/hostile", "internal/testfile", "internal/filelock", "internal/filestamp", "internal/paths", "internal/homepath", "internal/goenv", "internal/peer", "internal/python", "internal/safefile", "internal/atomicfile", "internal/atomicfolder", "internal/visible", "internal/timeline", "internal/memory"},
	{".", "notebooks", "internal/diagnosis", "internal/digest", "models/prediction", "nbhelpers/display", "nbhelpers/keep/pack", "nbhelpers/keep/mapped", "nbhelpers/keep/layout", "nbhelpers/keep/typetable", "nbhelpers/keep/graph", "nbhelpers/keep/keeptest", "nbhelpers/keep", "nbhelpers/keep/plain", "nbhelpers/keep/cellvars", "nbhelpers/labextension", "nbhelpers/live", "nbhelpers/sketch", "nbhelpers/result", "nbhelpers/result/imagefolder", "nbhelpers/warm", "nbhelpers/warm/server", "nbhelpers"},
	{"kernel/wire", "kernel/process", "kernel/usage", "kernel/gonb/gopls", "kernel/gonb/position", "kernel/gonb/descendant", "kernel/gonb/program/firstuse", "kernel/gonb/program", "kernel/gonb/stored", "kernel/gonb/linemap", "kernel/gonb/debug", "kernel/gonb/gotool", "kernel/gonb/report", "kernel/notebook", "magics", "magics/commandline", "magics/commandline/commandlinetest", "magics/magictest",
		"models/accel", "models/parallel", "models/matrix", "models/probe", "models/weights/pickle", "models/weights/checkpoint", "models/weights", "models/imageio/baseline", "models/imageio/resample", "models/imageio/exif", "models/imageio", "models/imageio/room", "models/imageio/resized", "models/sampleset", "models/sampleset/pretrained",
		"models/imagefolder/phrase", "models/imagefolder/tarball", "models/imagefolder/source", "models/imagefolder/neardup", "models/imagefolder", "models/imagefolder/capture",
		"models/augment", "models/resnet", "models/resnet/convolution", "models/resnet/backbone", "models/resnet/summary", "models/onnxnet",
		"models/head", "models/metric", "models/selection", "models/projection", "models/features/cache", "models/features", "models/features/bucket/buckettest", "models/features/bucket", "models/features/input", "models/features/rowfile", "models/features/shard", "models/modeltest",
		"models/training/stepper", "models/training/network", "models/training/feed", "models/training/checkpoint",
		"models/training/history", "models/training/schedule", "models/training/trial", "models/training/recipe", "models/training/progress",
		"models/training/job", "models/training/preflight", "models/training/nan", "models/training/record", "models/training",
		"models/training/search", "models/exercise",
		"models/export/onnx", "models/export", "models/classifier", "models/tensorboard",
		"models/lab/named", "models/lab/summary", "models/lab/input", "models/lab/runstatus", "models/lab/board", "models/lab/teaching", "models/lab/predictor", "models/lab", "models",
		"models/serving", "models/serving/modelset", "models/serving/servingtest", "models/serving/inference", "models/serving/oip", "models/serving/oippb",
		"models/serving/monitor", "models/serving/web", "models/serving/rpc", "models/serving/server",
		"nbhelpers/figure/palette", "nbhelpers/figure/raster", "nbhelpers/figure/canvas", "nbhelpers/figure/figuretest", "nbhelpers/figure/study", "nbhelpers/figure"},
	{"kernel/registry", "kernel/zmq", "kernel/session/history", "kernel/session/overflow", "kernel/session/rate", "kernel/session/comms", "kernel/session/drops", "kernel/session/once", "kernel/session/replay", "kernel/session/updates", "kernel/session", "kernel/kerneltest", "magics/plugin/...", "kernel/plugins", "magics/builtin",
		"magics/transfer/recipeflag", "magics/transfer/sharedflag", "magics/transfer/advice", "magics/transfer/output", "magics/transfer/drawing", "magics/transfer/modelserver",
		"magics/transfer/datasets", "magics/transfer/runs", "magics/transfer/serving", "magics/transfer/panel", "magics/transfer", "magics/transfer/transfertest"},
	{"kernel/gonb/cell", "kernel/gonb/help", "kernel/gonb", "kernel/install/transaction", "kernel/install/command", "kernel/install/specfile", "kernel/install/gonbrepair", "kernel/install", "kernel/doctor", "kernel/workshop"},
	{"models/sampleset/pretrained/draw", "kernel/cmd/...", "magics/cmd/...", "bench/...", "scripts/wheel"},
}

// forbidden says which outside modules only some packages may import. The key is an import path prefix.
var forbidden = map[string][]string{
	"github.com/gomlx/gomlx":         {"models/...", "models", "magics/transfer/...", "magics/cmd/headstart-transfer"},
	"github.com/gomlx/compute":       {"models/...", "models", "magics/transfer/...", "magics/cmd/headstart-transfer"},
	"github.com/gomlx/go-xla":        {"models/...", "models", "magics/transfer/...", "magics/cmd/headstart-transfer"},
	"github.com/go-zeromq/zmq4":      {"kernel/zmq"},
	"github.com/hashicorp/go-plugin": {"magics/plugin/...", "kernel/plugins"},
	"google.golang.org/grpc":         {"magics/plugin/...", "kernel/plugins", "models/serving/oippb", "models/serving/rpc", "models/serving/server"},
	"github.com/prometheus":          {"models/serving/monitor"},
	"github.com/minio":               {"models/features/bucket"},
}

// kernelNeverLinks are packages of this module that the kernel's main must not reach: it links no ML code.
var kernelNeverLinks = []string{"models", "models/...", "magics/transfer/..."}

func matches(pattern, pkg string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == prefix || strings.HasPrefix(pkg, prefix+"/")
	}
	return pkg == pattern
}

func matchesAny(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, pkg) })
}

// place is where a package stands in layers.
func place(pkg string) (row, column int, ok bool) {
	for r, line := range layers {
		for c, pattern := range line {
			if matches(pattern, pkg) {
				return r, c, true
			}
		}
	}
	return 0, 0, false
}

// imports reads which packages every package of the module imports, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	result := map[string][]string{}
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			name := entry.Name()
			own := file != "." && exists(filepath.Join(file, "go.mod")) // a module of its own
			if own || name == "node_modules" || name == "testdata" || (strings.HasPrefix(name, ".") && name != ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(file))
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !slices.Contains(result[pkg], imported) {
				result[pkg] = append(result[pkg], imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func exists(file string) bool {
	found, err := filepath.Glob(file)
	return err == nil && len(found) > 0
}

func TestImportsGoDownward(t *testing.T) {
	for pkg, list := range imports(t) {
		row, column, ok := place(pkg)
		if !ok {
			t.Errorf("package %s stands in no layer: put it where it belongs in layers_test.go, with the reason in the commit", pkg)
			continue
		}
		for _, imported := range list {
			for prefix, allowed := range forbidden {
				if strings.HasPrefix(imported+"/", prefix+"/") && !matchesAny(allowed, pkg) {
					t.Errorf("%s imports %s, which only %s may", pkg, imported, strings.Join(allowed, ", "))
				}
			}
			own, ok := strings.CutPrefix(imported, module)
			if !ok {
				continue
			}
			r, c, ok := place(own)
			if !ok {
				continue // reported above, as a package of its own
			}
			if r > row || (r == row && c > column) {
				t.Errorf("%s imports %s, which stands above it", pkg, own)
			}
		}
	}
}

// TestLightPackagesStayLight: every Go cell that shows something or asks a model links these, or the kernel does.
func TestLightPackagesStayLight(t *testing.T) {
	all := imports(t)
	for _, pkg := range []string{
		"models/prediction", "nbhelpers/display", "nbhelpers/keep/pack", "nbhelpers/keep/mapped", "nbhelpers/keep/layout", "nbhelpers/keep/typetable", "nbhelpers/keep/graph", "nbhelpers/keep", "nbhelpers/keep/plain", "nbhelpers/keep/cellvars", "nbhelpers/live", "nbhelpers/result", "nbhelpers/result/imagefolder", "nbhelpers/sketch", "nbhelpers/warm",
		"internal/diagnosis", "internal/atomicfile",
	} {
		for _, imported := range all[pkg] {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") && !strings.HasPrefix(imported, module) {
				t.Errorf("%s imports %s: every Go cell, or the kernel, would link it", pkg, imported)
			}
		}
	}
}

func TestSessionKnowsNoMagicAndNoLanguage(t *testing.T) {
	for _, imported := range imports(t)["kernel/session"] {
		if strings.HasPrefix(imported, module+"magics/") {
			t.Errorf("kernel/session imports %s: it knows the contract, not the magics", imported)
		}
		if strings.HasPrefix(imported, "go/") || strings.HasPrefix(imported, module+"kernel/gonb") {
			t.Errorf("kernel/session imports %s: the language belongs to the engine", imported)
		}
	}
}

// TestAuthorsLinkNoKernel holds for every plugin: what an author imports brings none of the kernel.
func TestAuthorsLinkNoKernel(t *testing.T) {
	all := imports(t)
	for _, start := range []string{"magics", "magics/plugin", "magics/magictest", "magics/cmd/headstart-transfer"} {
		reach(all, start, func(pkg string, via []string) {
			if strings.HasPrefix(pkg, "kernel/") {
				t.Errorf("%s links %s through %s", start, pkg, strings.Join(via, " -> "))
			}
		})
	}
}

func TestKernelLinksNoModelCode(t *testing.T) {
	reach(imports(t), "kernel/cmd/headstart", func(pkg string, via []string) {
		if matchesAny(kernelNeverLinks, pkg) {
			t.Errorf("the kernel links %s through %s", pkg, strings.Join(via, " -> "))
		}
	})
}

// reach calls visit for the packages of this module that start links, itself among them.
func reach(all map[string][]string, start string, visit func(pkg string, via []string)) {
	seen := map[string]bool{}
	var follow func(pkg string, via []string)
	follow = func(pkg string, via []string) {
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		visit(pkg, via)
		for _, imported := range all[pkg] {
			if own, ok := strings.CutPrefix(imported, module); ok {
				follow(own, append(slices.Clone(via), own))
			}
		}
	}
	follow(start, []string{start})
}

// magicOrFlag is a magic or a flag in a text.
var magicOrFlag = regexp.MustCompile(`%(dataset|model|train|evaluate|predict|explain|tune|runs|attach|verify|clean|save|load|export|device|` +
	`doctor|plugins|timeit|help)\b|(^|[^-\w])--[a-z][a-z-]+`)

// installCommand installs what is missing on a machine. It is the same whoever uses the library.
var installCommand = regexp.MustCompile(`headstart install --device \w+`)

// A library does not know by which magic or flag its caller is asked: it returns typed errors and diagnoses, and the magic
// adds the flag.
func TestModelsNameNoMagicOrFlag(t *testing.T) {
	err := filepath.WalkDir("models", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			text = installCommand.ReplaceAllString(text, "")
			if err == nil && magicOrFlag.MatchString(text) {
				t.Errorf("%s names a magic or a flag: %q", set.Position(literal.Pos()), magicOrFlag.FindString(text))
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatNamesAMagicOrAFlag(t *testing.T) {
	for text, want := range map[string]bool{
		"load it with %dataset load": true, "(--allow leak)": true, "%%verify will not know": true, "--pool avg": true,
		"%d images of %s": false, "%w: %v": false, "50 %": false, "a -- b": false, "%.3g and %5.1f %%": false, "%sconv%d": false,
		"-----": false, "between %s-%s": false,
	} {
		if got := magicOrFlag.MatchString(text); got != want {
			t.Errorf("%q names a magic or a flag: %t, want %t", text, got, want)
		}
	}
}
