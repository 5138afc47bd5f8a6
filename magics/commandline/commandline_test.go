package commandline_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/commandline/commandlinetest"
)

// pets is a program with a command and a group of commands.
func pets() *cobra.Command {
	root := &cobra.Command{Use: "pets", Short: "Keeps pets", Version: "pets 1", Example: "  pets feed cat"}
	feed := &cobra.Command{
		Use: "feed PET", Short: "Feed a pet", Example: "  pets feed cat --times 2", Args: commandline.Args(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return fmt.Errorf("feed %s: it is not hungry", args[0]) },
	}
	feed.Flags().Int("times", 1, "number of meals")
	feed.Flags().Bool("dry", false, "give dry food")
	shop := &cobra.Command{Use: "shop", Short: "Buy and sell", Example: "  pets shop buy"}
	shop.AddCommand(&cobra.Command{
		Use: "buy", Short: "Buy a pet", Example: "  pets shop buy", Args: commandline.Args(0, 0), RunE: func(*cobra.Command, []string) error { return nil },
	})
	root.AddCommand(feed, shop)
	commandline.Prepare(root)
	return root
}

func TestErrorsAndStatuses(t *testing.T) {
	for line, want := range map[string]struct {
		status int
		text   string
	}{
		"feed cat":             {1, "feed cat: it is not hungry"},
		"shop buy":             {0, ""},
		"fede cat":             {2, `unknown command "fede"; did you mean pets feed? pets --help lists all`},
		"xyz":                  {2, `unknown command "xyz"; pets --help lists all`},
		"shop buuy":            {2, `unknown command "buuy"; did you mean pets shop buy? pets shop --help lists all`},
		"shop buy cat":         {2, "shop buy: the number of arguments is 1, and the command is pets shop buy; pets shop buy --help says more"},
		"feed":                 {2, "feed: the number of arguments is 0, and the command is pets feed PET; pets feed --help says more"},
		"feed cat --tims 2":    {2, "feed: unknown flag: --tims; did you mean --times? pets feed --help shows its flags"},
		"feed cat --times two": {2, `feed: invalid argument "two" for "--times" flag`},
		"help fede":            {2, `unknown command "fede"; did you mean pets feed?`},
		"help shop buuy":       {2, `unknown command "buuy"; did you mean pets shop buy?`},
	} {
		root := pets()
		root.SetArgs(strings.Fields(line))
		root.SetOut(io.Discard)
		err := root.Execute()
		if got := commandline.ExitStatus(err); got != want.status || err != nil && !strings.HasPrefix(err.Error(), want.text) {
			t.Errorf("pets %s: status %d, %v; want %d, %s", line, got, err, want.status, want.text)
		}
	}
	wrapped := fmt.Errorf("serve: %w", commandline.Usagef("%w", io.EOF))
	if commandline.ExitStatus(wrapped) != 2 || !errors.Is(wrapped, io.EOF) {
		t.Errorf("a wrapped usage error: %d", commandline.ExitStatus(wrapped))
	}
}

func TestHelp(t *testing.T) {
	commandlinetest.Examples(t, pets())
	for line, want := range map[string]string{
		"feed --help": "Feed a pet\n\nUsage:\n  pets feed PET [flags]\n\nExamples:\n  pets feed cat --times 2\n\nFlags:\n" +
			"      --times int  number of meals (default 1)\n      --dry        give dry food\n  -h, --help       show this help\n",
		"help feed": "Feed a pet\n\nUsage:",
		"shop":      "Buy and sell\n\nUsage:\n  pets shop COMMAND\n\nExamples:\n  pets shop buy\n\nCommands:\n  buy  Buy a pet\n\nFlags:\n  -h, --help  show this help\n",
		"--version": "pets version pets 1\n",
	} {
		root := pets()
		root.SetArgs(strings.Fields(line))
		var out strings.Builder
		root.SetOut(&out)
		if err := root.Execute(); err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("pets %s: %v, and prints\n%s\nwant\n%s", line, err, out.String(), want)
		}
	}
}
