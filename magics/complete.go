package magics

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// completeWord offers what can stand at the word that follows before: a flag, a flag's value, or an argument.
func completeWord(ctx context.Context, flags *pflag.FlagSet, args Args, before []string, word string) []string {
	if name, typed, ok := strings.Cut(word, "="); ok && strings.HasPrefix(name, "--") {
		var candidates []string
		for _, v := range valuesOf(flags.Lookup(strings.TrimPrefix(name, "--")), typed) {
			candidates = append(candidates, name+"="+v)
		}
		return candidates
	}
	if len(before) > 0 {
		if f := flagAwaitingValue(flags, before[len(before)-1]); f != nil {
			return valuesOf(f, word)
		}
	}
	if strings.HasPrefix(word, "-") {
		var names []string
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, "--"+f.Name)
			}
		})
		return withPrefix(names, word)
	}
	if args.Complete == nil {
		return nil
	}
	return withPrefix(args.Complete(ctx, positional(flags, before), word), word)
}

// flagAwaitingValue is the flag that a word names, when the next word is its value.
func flagAwaitingValue(flags *pflag.FlagSet, word string) *pflag.Flag {
	name, long := strings.CutPrefix(word, "--")
	if strings.Contains(word, "=") || !strings.HasPrefix(word, "-") {
		return nil
	}
	var f *pflag.Flag
	if long {
		f = flags.Lookup(name)
	} else if short := word[1:]; len(short) == 1 {
		f = flags.ShorthandLookup(short)
	}
	if f == nil || f.NoOptDefVal != "" {
		return nil
	}
	return f
}

// positional leaves out the flags and their values.
func positional(flags *pflag.FlagSet, words []string) []string {
	var args []string
	for i := 0; i < len(words); i++ {
		switch {
		case words[i] == "--":
			return append(args, words[i+1:]...)
		case flagAwaitingValue(flags, words[i]) != nil:
			i++
		case !strings.HasPrefix(words[i], "-"):
			args = append(args, words[i])
		}
	}
	return args
}

// valuesOf offers the values of a flag.
func valuesOf(f *pflag.Flag, typed string) []string {
	if f == nil {
		return nil
	}
	candidates := withPrefix(f.Annotations[annotationValues], typed)
	if _, ok := f.Annotations[annotationPath]; ok {
		candidates = append(candidates, Files(context.Background(), nil, typed)...)
	}
	if f.Value.Type() == "bool" {
		candidates = withPrefix([]string{"true", "false"}, typed)
	}
	return candidates
}

// Files completes the path of a file or folder; folders end in a slash. It is a Complete for Args.
func Files(_ context.Context, _ []string, word string) []string {
	folder, base := filepath.Split(word)
	read := folder
	if read == "" {
		read = "."
	}
	if rest, ok := strings.CutPrefix(read, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			read = filepath.Join(home, rest)
		}
	}
	entries, err := os.ReadDir(read)
	if err != nil {
		return nil // nothing to offer there
	}
	var candidates []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || strings.HasPrefix(name, ".") && base == "" {
			continue
		}
		if info, err := os.Stat(filepath.Join(read, name)); err == nil && info.IsDir() {
			name += "/"
		}
		candidates = append(candidates, folder+name)
	}
	return candidates
}

// withPrefix keeps the candidates that begin with what is typed, sorted.
func withPrefix(candidates []string, typed string) []string {
	var kept []string
	for _, c := range candidates {
		if strings.HasPrefix(c, typed) {
			kept = append(kept, c)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// flagAt is the word under the cursor when it is a flag, without a value; else "".
func flagAt(line string, cursor int) string {
	cursor = max(0, min(cursor, len(line)))
	end := strings.IndexAny(line[cursor:], " \t=")
	if end < 0 {
		end = len(line) - cursor
	}
	_, word, _ := WordAt(line, cursor+end)
	word, _, _ = strings.Cut(word, "=")
	if !strings.HasPrefix(word, "-") {
		return ""
	}
	return word
}

// flagUnder is the flag that the cursor is on, or nil.
func flagUnder(flags *pflag.FlagSet, line string, cursor int) *pflag.Flag {
	word := flagAt(line, cursor)
	if name, ok := strings.CutPrefix(word, "--"); ok {
		return flags.Lookup(name)
	}
	if len(word) == 2 {
		return flags.ShorthandLookup(word[1:])
	}
	return nil
}
