package registry_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
)

type named string

func (n named) Name() string                                        { return string(n) }
func (n named) Help() string                                        { return "Does " + string(n) + "\n\nand more" }
func (n named) Run(context.Context, magics.Call, magics.Host) error { panic("not a good day") }

func TestRegistry(t *testing.T) {
	r := registry.New()
	if err := r.Add("headstart", named("train"), named("help")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		list  []magics.Magic
		texts []string
	}{
		{[]magics.Magic{named("fresh"), named("train")}, []string{"%train", "headstart", "a plugin"}},
		{[]magics.Magic{named("twice"), named("twice")}, []string{"a plugin", "%twice twice"}},
		{[]magics.Magic{named("no spaces")}, []string{"a plugin", `"no spaces"`}},
		{[]magics.Magic{named("")}, []string{`named ""`}},
	} {
		err := r.Add("a plugin", c.list...)
		for _, text := range c.texts {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("adding %v: the error does not say %q: %v", c.list, text, err)
			}
		}
	}
	if diff := cmp.Diff([]string{"help", "train"}, r.Names()); diff != "" {
		t.Errorf("a refused origin left something behind: %s", diff)
	}
	if got := r.Entries()[1]; got.Name() != "train" || got.Origin != "headstart" || got.Summary() != "Does train" {
		t.Errorf("%+v", got)
	}
	for name, want := range map[string]string{
		"tarin": "did you mean %train?",
		"TRAIN": "did you mean %train?",
		"reset": "did you mean %reset?",
		"xyzzy": "%help lists all",
	} {
		if got := r.Unknown(name, "reset").Error(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	r.Remove("headstart")
	if r.Has("train") {
		t.Error("a removed magic is still there")
	}
}

// The engine would take the word for a file's name, or for the flag of a build.
func TestHelpOfTheEnginesCommands(t *testing.T) {
	r := registry.New()
	r.SetEngine([]registry.Listing{{Usage: "%capture [-a] FILE"}, {Usage: "%%script PROGRAM"}, {Usage: "%main [args]", Passes: true}})
	if parts := r.ParseCell("%capture --help", registry.Lines{}); parts[0].IsMagic() {
		t.Errorf("without %%help: %+v", parts)
	}
	if err := r.Add("headstart", named("help")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		cell string
		want []string // the calls of %help, and the engine's text
	}{
		{"x\n%capture --help\ny", []string{"x\n", "help capture", "\n\ny"}},
		{"%capture -h", []string{"help capture"}},
		{"%%script --help\ntext", []string{"help script"}},
		{"%capture \\\n --help\ny", []string{"help capture", "\n\ny"}},
		{"%capture -a --help", []string{"%capture -a --help"}},
		{"%main --help", []string{"%main --help"}},
		{"%other --help", []string{"%other --help"}},
	} {
		var got []string
		for _, part := range r.ParseCell(test.cell, registry.Lines{}) {
			if part.IsMagic() {
				got = append(got, part.Call.Name+" "+part.Call.Line)
			} else {
				got = append(got, part.Engine)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.cell, diff)
		}
	}
}
