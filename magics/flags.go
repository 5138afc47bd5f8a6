package magics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/homepath"
)

// Annotations by which a flag's declaration tells completion what its values are.
const (
	annotationValues = "headstart_values"
	annotationPath   = "headstart_path"
)

// Enum declares a flag that takes one of a few words.
func Enum(flags *pflag.FlagSet, target *string, name, value string, allowed []string, usage string) {
	*target = value
	flags.Var(&enumValue{target: target, words: allowed}, name, usage)
	annotate(flags, name, annotationValues, allowed)
}

// Suggest declares a flag that takes one of a few words, or something else that other names, such as FILE.
func Suggest(flags *pflag.FlagSet, target *string, name, value string, words []string, other, usage string) {
	*target = value
	flags.Var(&enumValue{target: target, words: words, other: other}, name, usage)
	annotate(flags, name, annotationValues, words)
	if strings.Contains(other, "FILE") || strings.Contains(other, "DIR") {
		annotate(flags, name, annotationPath, nil)
	}
}

// Path declares a flag that takes the path of a file or folder. A leading ~ is the home folder: a cell has no shell that replaces it.
func Path(flags *pflag.FlagSet, target *string, name, value, usage string) {
	*target = value
	flags.Var(&pathValue{enumValue{target: target, other: "PATH"}}, name, usage)
	annotate(flags, name, annotationPath, nil)
}

// pathValue is a pflag.Value of a path.
type pathValue struct{ enumValue }

func (v *pathValue) Set(s string) error {
	path, err := homepath.Expand(s)
	if err != nil {
		return err
	}
	return v.enumValue.Set(path)
}

// annotate cannot fail: the flag was declared in the line before.
func annotate(flags *pflag.FlagSet, name, key string, values []string) {
	if err := flags.SetAnnotation(name, key, values); err != nil {
		panic(err)
	}
}

// enumValue is a pflag.Value of a few words; other is what else it takes, "" when nothing.
type enumValue struct {
	target *string
	words  []string
	other  string
}

func (v *enumValue) String() string {
	if v.target == nil {
		return ""
	}
	return *v.target
}

func (v *enumValue) Set(s string) error {
	if v.other == "" && !slices.Contains(v.words, s) {
		hint := ""
		if near := Nearest(s, v.words); near != "" {
			hint = fmt.Sprintf("; did you mean %s?", near)
		}
		return fmt.Errorf("must be one of %s; got %s%s", strings.Join(v.words, ", "), s, hint)
	}
	*v.target = s
	return nil
}

// Type is what --help shows after the flag's name.
func (v *enumValue) Type() string {
	words := v.words
	if v.other != "" {
		words = append(slices.Clone(words), v.other)
	}
	return strings.Join(words, "|")
}

// FlagUsages lists the flags, one per line, with aligned usages.
func FlagUsages(flags *pflag.FlagSet) string {
	var left, right []string
	width := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := flagName(f)
		if f.Shorthand == "" {
			name = "    " + name
		}
		usage := f.Usage
		if hasDefault(f) {
			usage += " (default " + f.DefValue + ")"
		}
		left, right = append(left, name), append(right, usage)
		width = max(width, len(name))
	})
	var b strings.Builder
	for i, name := range left {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, name, right[i])
	}
	return b.String()
}

// flagHelp is the explanation of one flag.
func flagHelp(f *pflag.Flag) string {
	text := flagName(f) + "\n  " + f.Usage
	if hasDefault(f) {
		text += "\n  default: " + f.DefValue
	}
	return text
}

// flagName is how the flag is written, with the kind of its value.
func flagName(f *pflag.Flag) string {
	text := "--" + f.Name
	if f.Shorthand != "" {
		text = "-" + f.Shorthand + ", " + text
	}
	if kind := valueKind(f.Value.Type()); kind != "" {
		text += " " + kind
	}
	return text
}

// valueKind is what people call a pflag type; a switch takes no value.
func valueKind(kind string) string {
	switch kind {
	case "bool":
		return ""
	case "float32", "float64":
		return "number"
	case "int64", "uint", "uint64":
		return "int"
	case "stringSlice", "stringArray":
		return "string,..."
	case "intSlice":
		return "int,..."
	}
	return kind
}

// hasDefault reports whether the default says something that its absence would not.
func hasDefault(f *pflag.Flag) bool {
	return f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0s"
}

// Renamed keeps the old name of a declared flag working for one release: it is hidden, sets the same value, and says the new
// name when it is used.
func Renamed(flags *pflag.FlagSet, old, name string) {
	target := flags.Lookup(name)
	flags.AddFlag(&pflag.Flag{
		Name: old, Usage: target.Usage, Value: target.Value, DefValue: target.DefValue, NoOptDefVal: target.NoOptDefVal,
		Hidden: true, Deprecated: "use --" + name + "; the old name works until the next release",
	})
}
