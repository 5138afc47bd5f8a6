package main

import (
	"testing"

	"github.com/spf13/pflag"
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
}
