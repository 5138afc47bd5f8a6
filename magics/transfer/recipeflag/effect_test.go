package recipeflag_test

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// parsed are flags with the recipe that they make.
func parsed(t *testing.T, flags string) (*pflag.FlagSet, recipe.Recipe) {
	t.Helper()
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	r := recipe.DefaultRecipe()
	recipeflag.Declare(set, &r)
	if err := set.Parse(strings.Fields(flags)); err != nil {
		t.Fatal(err)
	}
	return set, r
}

func TestAFlagWithoutEffectIsRefused(t *testing.T) {
	for flags, want := range map[string]string{
		"--momentum 0.5":        "--momentum 0.5 has no effect without --optimizer momentum",
		"--weight-decay 0.5":    "--weight-decay 0.5 has no effect without --optimizer adamw",
		"--warmup 2":            "--warmup 2 has no effect without --schedule warmup or cosine",
		"--stage-rate 0.5":      "--stage-rate 0.5 has no effect without --unfreeze",
		"--augment-copies 3":    "--augment-copies 3 has no effect without --augment",
		"--warmup 0 --epochs 3": "", "--momentum 0.5 --optimizer momentum": "", "--weight-decay 0.5 --optimizer adamw": "", "--warmup 2 --schedule cosine": "",
		"--stage-rate 0.5 --unfreeze conv5": "", "--augment-copies 3 --augment flip": "", "--augment-copies 0": "",
		"--task regression --label-smoothing 0.1": "--label-smoothing 0.1 has no effect without a task other than regression",
	} {
		set, r := parsed(t, flags)
		if err := recipeflag.Effective(set, r); want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", flags, err, want)
		}
	}
}

func TestAResumedRunKeepsItsRecipe(t *testing.T) {
	_, run := parsed(t, "--epochs 3 --lr 0.01 --augment flip")
	run.Precision = "float32"
	for flags, want := range map[string]string{
		"--lr 0.5":                                   "--lr 0.5: the run has 0.01",
		"--epochs 9 --batch 8":                       "--batch 8: the run has 32",
		"--recipe finetune":                          "--recipe finetune: the run has \"classic\"",
		"--epochs 9 --lr 0.01 --augment flip":        "", // the same command
		"--epochs 2 --recipe classic --batch 32":     "",
		"--precision auto --epochs 3 --augment flip": "",
		"": "",
	} {
		set, given := parsed(t, flags)
		if err := recipeflag.Resumes(set, given, run); want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", flags, err, want)
		}
	}
}
