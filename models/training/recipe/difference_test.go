package recipe

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDifferences(t *testing.T) {
	a, b, c := DefaultRecipe(), DefaultRecipe(), DefaultRecipe()
	if got := Differences(a, b); len(got) != 0 {
		t.Errorf("equal recipes differ in %v", got)
	}
	b.LearningRate, c.Seed = 0.01, 7
	want := []FieldDifference{
		{Field: "learning_rate", Values: []any{0.001, 0.01, 0.001}}, {Field: "seed", Values: []any{int64(42), int64(42), int64(7)}},
	}
	if diff := cmp.Diff(want, Differences(a, b, c)); diff != "" {
		t.Error(diff)
	}
}

// Values are compared as interfaces, which panics for a type that cannot be compared.
func TestFieldsOfARecipeCanBeCompared(t *testing.T) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Recipe]()) {
		if !field.Type.Comparable() {
			t.Errorf("values of the field %s cannot be compared", field.Name)
		}
	}
}
