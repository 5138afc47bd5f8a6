package magics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Command is a magic declared rather than written: from one declaration of its flags come parsing, --help,
// completion, inspection and the reference page. O is the struct that its flags fill; every call gets a fresh one.
//
//	type shoutOptions struct{ Times int }
//
//	&magics.Command[shoutOptions]{
//		Use:   "shout WORD...",
//		Short: "Repeats words in capitals",
//		Args:  magics.Args{Min: 1, Max: magics.Any},
//		Flags: func(f *pflag.FlagSet, o *shoutOptions) { f.IntVar(&o.Times, "times", 1, "how often") },
//		Do: func(ctx context.Context, in *magics.Invocation, o *shoutOptions) error {
//			...
//		},
//	}
//
// After the arguments, a cell may send the command's standard output elsewhere: see Output.
type Command[O any] struct {
	// Use is the name and what follows it, as in "predict FILE...". Flags are not listed.
	Use string
	// Short is the summary: a few words, without a final period.
	Short string
	// Long explains what Short cannot. It may be empty.
	Long string
	// Example holds whole lines as a cell would have them.
	Example string
	// Args says which arguments besides flags the command takes.
	Args Args
	// Body says whether the command is called as %%name with a body, as %name, or as both.
	Body Body
	// JSON adds the flag --json; Invocation.JSON tells Do.
	JSON bool
	// Concurrent says that a call may run while another cell runs: the command changes nothing that a cell uses.
	Concurrent bool
	// Flags declares the flags on a fresh O. It may be nil. Enum, Suggest and Path declare flags that complete.
	Flags func(*pflag.FlagSet, *O)
	// Do does the work.
	Do func(context.Context, *Invocation, *O) error

	raw bool // whether it is a RawCommand
}

// Body says how a command takes the cell below its line.
type Body int

const (
	NoBody       Body = iota // only %name
	OptionalBody             // %name or %%name
	NeedsBody                // only %%name
)

// An Invocation is one parsed use of a Command. Its Host methods reach the cell, with Stdout already going where the
// user sent it.
type Invocation struct {
	Host
	Call  Call           // as the cell has it
	Args  []string       // the arguments that are not flags
	Line  string         // of a RawCommand: what follows the flags, as written
	Flags *pflag.FlagSet // to see which flags were given: Flags.Changed("name")
	JSON  bool           // whether --json was given

	ctx context.Context // of the call
}

// A Subcommand is a Command of any options type, as a part of a Group.
type Subcommand interface {
	Magic
	use() string
	concurrent() bool
	run(context.Context, Call, Host, string) error
	complete(ctx context.Context, before []string, word string) []string
	help(prefix string) string
	helpHTML(prefix string) string
}

var (
	_ Magic      = (*Command[struct{}])(nil)
	_ Completer  = (*Command[struct{}])(nil)
	_ Inspector  = (*Command[struct{}])(nil)
	_ Concurrent = (*Command[struct{}])(nil)
	_ Subcommand = (*Command[struct{}])(nil)
)

// Name is the first word of Use.
func (c *Command[O]) Name() string {
	name, _, _ := strings.Cut(c.Use, " ")
	return name
}

// Help is the summary, the usage, the flags and the examples.
func (c *Command[O]) Help() string { return c.help("") }

// Run parses the call's line and runs the command.
func (c *Command[O]) Run(ctx context.Context, call Call, host Host) error {
	return c.run(ctx, call, host, "")
}

// ConcurrentCalls is all or nothing.
func (c *Command[O]) ConcurrentCalls() Calls { return Calls{All: c.Concurrent} }

func (c *Command[O]) use() string { return c.Use }

func (c *Command[O]) concurrent() bool { return c.Concurrent }

// parsed is a line taken apart.
type parsed[O any] struct {
	args   []string
	line   string
	output Output
	flags  *pflag.FlagSet
	json   bool
	help   bool
	opts   *O
	notes  bytes.Buffer // of the parser, such as that a flag has another name now
}

// flagSet declares the flags on fresh options.
func (c *Command[O]) flagSet() (*pflag.FlagSet, *parsed[O]) {
	opts := new(O)
	flags := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	flags.SortFlags = false
	p := &parsed[O]{flags: flags, opts: opts}
	flags.SetOutput(&p.notes)
	if c.Flags != nil {
		c.Flags(flags, opts)
	}
	if c.JSON {
		flags.BoolVar(&p.json, "json", false, "print the result as JSON")
	}
	flags.BoolVarP(&p.help, "help", "h", false, "show this help")
	return flags, p
}

func (c *Command[O]) parse(line string) (*parsed[O], error) {
	flags, p := c.flagSet()
	if c.raw {
		words, rest := leadingFlags(flags, line)
		p.line = rest
		if err := flags.Parse(words); err != nil {
			return nil, ExplainFlagError(err, flags)
		}
		return p, nil
	}
	words, output, err := splitOutput(line)
	if err != nil {
		return nil, err
	}
	p.output = output
	if err := flags.Parse(words); err != nil {
		return nil, ExplainFlagError(err, flags)
	}
	p.args = flags.Args()
	return p, nil
}

func (c *Command[O]) run(ctx context.Context, call Call, host Host, prefix string) error {
	line := strings.TrimSpace(call.Line)
	if prefix != "" {
		_, line = cutWord(line)
	}
	name := prefix + c.Name()
	p, err := c.parse(line)
	if err != nil {
		return fmt.Errorf("%%%s: %w%s%%%s --help shows its flags", name, err, separator(err), name)
	}
	if p.help {
		_, err := host.Show(ctx, helpBundle(c.help(prefix), c.helpHTML(prefix)))
		return err
	}
	if err := c.checkCall(call, p, name); err != nil {
		return err
	}
	if p.notes.Len() > 0 {
		if _, err := fmt.Fprintf(host.Stderr(), "%%%s: %s", name, p.notes.String()); err != nil {
			return err
		}
	}
	return p.output.capture(ctx, host, func(ctx context.Context, host Host) error {
		in := &Invocation{Host: host, Call: call, Args: p.args, Line: p.line, Flags: p.flags, JSON: p.json, ctx: ctx}
		return c.Do(ctx, in, p.opts)
	})
}

// checkCall refuses a missing or unwanted body and a wrong number of arguments.
func (c *Command[O]) checkCall(call Call, p *parsed[O], name string) error {
	switch {
	case c.Body == NoBody && call.Cell:
		return fmt.Errorf("%%%%%s: the magic takes no body: write %%%s, with one percent sign", name, name)
	case c.Body == NeedsBody && !call.Cell:
		return fmt.Errorf("%%%s: the magic needs the cell below its line: write %%%%%s, with two percent signs", name, name)
	case c.raw:
		return nil
	}
	if err := c.Args.check(p.args, c.Use); err != nil {
		return fmt.Errorf("%%%s: %w; %%%s --help says more", name, err, name)
	}
	return nil
}

func (c *Command[O]) help(prefix string) string {
	var b strings.Builder
	flags, _ := c.flagSet()
	fmt.Fprintf(&b, "%s\n\nUsage:\n", c.Short)
	for _, usage := range c.usages(prefix) {
		fmt.Fprintf(&b, "  %s\n", usage)
	}
	if c.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(c.Long))
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", indent(c.Example))
	}
	fmt.Fprintf(&b, "\nFlags:\n%s", FlagUsages(flags))
	return strings.TrimRight(b.String(), "\n")
}

// usages are the lines that call the command.
func (c *Command[O]) usages(prefix string) []string {
	usage := c.Use + " [flags]"
	if c.raw { // flags come first there
		_, rest := cutWord(c.Use)
		usage = strings.TrimSpace(c.Name() + " [flags] " + rest)
	}
	var lines []string
	if c.Body != NeedsBody {
		lines = append(lines, "%"+prefix+usage)
	}
	if c.Body != NoBody {
		lines = append(lines, "%%"+prefix+usage, "BODY")
	}
	return lines
}

// Inspect explains the flag that the cursor is on, or the whole command.
func (c *Command[O]) Inspect(_ context.Context, line string, cursor int) (display.Bundle, error) {
	flags, _ := c.flagSet()
	if flag := flagUnder(flags, line, cursor); flag != nil {
		return display.Text(flagHelp(flag)), nil
	}
	return helpBundle(c.Help(), c.helpHTML("")), nil
}

// Complete offers flags, a flag's values, or arguments.
func (c *Command[O]) Complete(ctx context.Context, line string, cursor int) ([]string, error) {
	_, word, before := WordAt(line, cursor)
	return c.complete(ctx, before, word), nil
}

func (c *Command[O]) complete(ctx context.Context, before []string, word string) []string {
	flags, _ := c.flagSet()
	if c.raw && len(positional(flags, before)) > 0 {
		return nil
	}
	return completeWord(ctx, flags, c.Args, before, word)
}

// separator stands between an error and the hint that follows it: a question ends its sentence.
func separator(err error) string {
	if strings.HasSuffix(err.Error(), "?") {
		return " "
	}
	return "; "
}

// ExplainFlagError says what pflag's error says, with the nearest flag for one that does not exist.
func ExplainFlagError(err error, flags *pflag.FlagSet) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return err
}

// leadingFlags splits a line into the flags that it begins with, as words, and the rest as it is written.
func leadingFlags(flags *pflag.FlagSet, line string) (words []string, rest string) {
	scanned, _ := scanWords(line) // what comes after the flags need not be words
	for i := 0; i < len(scanned); i++ {
		w := scanned[i]
		if w.quoted || !strings.HasPrefix(w.text, "-") || w.text == "-" {
			return words, line[w.start:]
		}
		if w.text == "--" {
			return words, strings.TrimSpace(line[w.end:])
		}
		words = append(words, w.text)
		if flagAwaitingValue(flags, w.text) != nil && i+1 < len(scanned) {
			i++
			words = append(words, scanned[i].text)
		}
	}
	return words, ""
}

// cutWord splits a line after its first word.
func cutWord(line string) (word, rest string) {
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " \t\n")
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimSpace(line[end:])
}

func indent(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "  " + line
		}
	}
	return strings.Join(lines, "\n")
}
