package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/commandline/commandlinetest"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/lab"
)

func TestASharedFlagIsSetEverywhere(t *testing.T) {
	var first, second int64
	var epochs int
	declare := func(seed *int64) *pflag.FlagSet {
		return flagSet(func(f *pflag.FlagSet) { f.Int64Var(seed, "seed", 42, "") })
	}
	sets := []*pflag.FlagSet{declare(&first), declare(&second), flagSet(func(f *pflag.FlagSet) { f.IntVar(&epochs, "epochs", 10, "") })}
	given := flagSet(func(f *pflag.FlagSet) { addShared(f, sets...) })
	if err := given.Parse([]string{"--seed", "7", "--epochs=3"}); err != nil {
		t.Fatal(err)
	}
	if err := share(given, sets...); err != nil {
		t.Fatal(err)
	}
	if first != 7 || second != 7 || epochs != 3 {
		t.Errorf("the seeds are %d and %d, and the epochs %d", first, second, epochs)
	}
	if !sets[1].Changed("seed") || !sets[2].Changed("epochs") {
		t.Error("a declaration does not know that its flag was given")
	}
	var visited []string
	for _, set := range sets {
		set.Visit(func(f *pflag.Flag) { visited = append(visited, f.Name) })
	}
	if !slices.Equal(visited, []string{"seed", "seed", "epochs"}) {
		t.Errorf("the declarations visit %q", visited)
	}
}

func testRoot() *cobra.Command {
	log := slog.New(slog.DiscardHandler)
	return rootCommand(transfer.NewTerminal(lab.New("", accel.Options{}, log), log))
}

func TestHelpHasExamples(t *testing.T) { commandlinetest.Examples(t, testRoot()) }

// headstart lists the commands of this program as its own: both have to say the same of them.
func TestHeadstartKnowsTheCommands(t *testing.T) {
	file := filepath.Join("..", "..", "..", "kernel", "cmd", "headstart", "delegate.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{} // the summary of each usage
	ast.Inspect(parsed, func(node ast.Node) bool {
		if pair, ok := node.(*ast.CompositeLit); ok && pair.Type == nil && len(pair.Elts) == 2 {
			listed[text(t, pair.Elts[0])] = text(t, pair.Elts[1])
		}
		return true
	})
	own := map[string]string{}
	for _, c := range testRoot().Commands() {
		if !c.Hidden && c.Name() != "help" {
			own[c.Use] = c.Short
		}
	}
	if !maps.Equal(listed, own) {
		t.Errorf("headstart lists %q\nand this program has %q", listed, own)
	}
}

func text(t *testing.T, e ast.Expr) string {
	t.Helper()
	literal, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("%T is not a text", e)
	}
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
