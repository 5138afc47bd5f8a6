package recipeflag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// What a flag says wins; what none says is the base's, also where the base differs from the flag's default.
func TestOver(t *testing.T) {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	given := recipe.DefaultRecipe()
	recipeflag.Declare(set, &given)
	if err := set.Parse(strings.Fields("--recipe finetune --epochs 10 --lr 0.002 --train-norm --seed 3")); err != nil {
		t.Fatal(err)
	}
	got, err := recipeflag.Over(set, given, recipe.FinetuneRecipe())
	if err != nil {
		t.Fatal(err)
	}
	want := recipe.FinetuneRecipe()
	want.Epochs, want.LearningRate, want.TrainNorm, want.Seed = 10, 0.002, true, 3
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The flags that Differences lists make one recipe the other.
func TestDifferences(t *testing.T) {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	got := recipe.DefaultRecipe()
	recipeflag.Declare(set, &got)
	words := strings.Join(recipeflag.Differences(recipe.DefaultRecipe(), recipe.FinetuneRecipe()), " ")
	if err := set.Parse(strings.Fields(words + " --recipe finetune")); err != nil {
		t.Fatal(err)
	}
	want := recipe.FinetuneRecipe()
	got.Head = want.Head // a flag of %model
	if diff := cmp.Diff(want, got); diff != "" || words == "" {
		t.Errorf("%s: %s", words, diff)
	}
}
