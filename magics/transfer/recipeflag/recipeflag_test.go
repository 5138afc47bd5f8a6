package recipeflag

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/models/training/recipe"
)

// Every field of the recipe has one flag, and every flag sets one field: a new hyper-parameter is a field, its flag's line, and
// the code that uses it.
func TestEveryFieldOfTheRecipeHasAFlag(t *testing.T) {
	other := map[string]string{ // values that no flag has by default
		"optimizer": "sgd", "augment": "flip", "unfreeze": "conv5", "task": "multi", "schedule": "cosine", "class-weights": "auto", "precision": "float32", "recipe": "auto", "select": "accuracy",
	}
	fields := func(r recipe.Recipe) map[string]any {
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var values map[string]any
		if err := json.Unmarshal(raw, &values); err != nil {
			t.Fatal(err)
		}
		return values
	}
	before := fields(recipe.DefaultRecipe())
	set := map[string]string{"head": "%model --head"} // the head belongs to the model
	names := pflag.NewFlagSet("", pflag.ContinueOnError)
	r := recipe.DefaultRecipe()
	Declare(names, &r)
	names.VisitAll(func(f *pflag.Flag) {
		flags, changed := pflag.NewFlagSet("", pflag.ContinueOnError), recipe.DefaultRecipe()
		Declare(flags, &changed)
		value := other[f.Name]
		switch f.Value.Type() {
		case "int", "int64":
			value = "7"
		case "float64":
			value = "0.125"
		case "bool":
			value = "true"
		}
		if err := flags.Set(f.Name, value); err != nil {
			t.Fatalf("--%s %s: %v", f.Name, value, err)
		}
		var moved []string
		for field, now := range fields(changed) {
			if now != before[field] {
				moved = append(moved, field)
			}
		}
		if len(moved) != 1 {
			t.Fatalf("--%s sets the fields %v", f.Name, moved)
		}
		if was, twice := set[moved[0]]; twice {
			t.Errorf("%s and --%s both set %s", was, f.Name, moved[0])
		}
		set[moved[0]] = "--" + f.Name
		if got := Of(moved[0]); got != f.Name {
			t.Errorf("an error about %s names the flag %q, and it is --%s", moved[0], got, f.Name)
		}
	})
	for _, field := range slices.Sorted(maps.Keys(before)) {
		if set[field] == "" {
			t.Errorf("the field %s has no flag", field)
		}
	}
}
