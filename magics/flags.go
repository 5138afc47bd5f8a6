package magics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Annotations by which a flag's declaration tells completion what its values are.
const (
	annotationValues = "headstart_values"
	annotationPath   = "headstart_path"
)

// Enum declares a flag that takes one of a few words.
func Enum(flags *pflag.FlagSet, target *string, name, value string, allowed []string, usage string) {
	*target = value
	flags.Var(&enumValue{target, allowed, ""}, name, usage)
	annotate(flags, name, annotationValues, allowed)
}

// Suggest declares a flag that takes one of a few words, or something else that other names, such as FILE.
func Suggest(flags *pflag.FlagSet, target *string, name, value string, words []string, other, usage string) {
	*target = value
	flags.Var(&enumValue{target, words, other}, name, usage)
	annotate(flags, name, annotationValues, words)
	if strings.Contains(other, "FILE") || strings.Contains(other, "DIR") {
		annotate(flags, name, annotationPath, []string{other})
	}
}

// Path declares a flag that takes the path of a file or folder.
func Path(flags *pflag.FlagSet, target *string, name, value, usage string) {
	flags.StringVar(target, name, value, usage)
	annotate(flags, name, annotationPath, []string{"FILE"})
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
			hint = fmt.Sprintf(": did you mean %s", near)
		}
		return fmt.Errorf("it is one of %s%s", strings.Join(v.words, ", "), hint)
	}
	*v.target = s
	return nil
}

// Type is what --help shows behind the flag's name.
func (v *enumValue) Type() string {
	words := v.words
	if v.other != "" {
		words = append(slices.Clone(words), v.other)
	}
	return strings.Join(words, "|")
}

// flagHelp is the explanation of one flag.
func flagHelp(f *pflag.Flag) string {
	text := "--" + f.Name
	if f.Shorthand != "" {
		text = "-" + f.Shorthand + ", " + text
	}
	if kind := f.Value.Type(); kind != "bool" {
		text += " " + kind
	}
	text += "\n  " + f.Usage
	if f.DefValue != "" && f.DefValue != "false" {
		text += "\n  default: " + f.DefValue
	}
	return text
}
