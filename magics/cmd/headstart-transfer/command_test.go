package main

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestGivenFlagsParseBack(t *testing.T) {
	declare := func(f *pflag.FlagSet) {
		f.StringSlice("allow", nil, "")
		f.Int("epochs", 10, "")
		f.Int("batch", 32, "")
	}
	set := flagSet(declare)
	if err := set.Parse([]string{"--allow", "preprocess,random", "--epochs=3"}); err != nil {
		t.Fatal(err)
	}
	words := given(set, flagSet(declare))
	if want := []string{"--allow=preprocess", "--allow=random", "--epochs=3"}; !slices.Equal(words, want) {
		t.Errorf("given %v, want %v", words, want)
	}
}
