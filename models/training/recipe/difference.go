package recipe

import (
	"reflect"
	"slices"
)

// A FieldDifference is a hyper-parameter with its values in some recipes.
type FieldDifference struct {
	Field  string `json:"field"`  // its key in JSON: batch_size
	Values []any  `json:"values"` // one for each recipe, in their order
}

// Differences lists the hyper-parameters in which recipes differ, in the order of the fields of Recipe.
func Differences(recipes ...Recipe) []FieldDifference {
	list := []FieldDifference{} // [] in JSON
	for _, f := range Fields(recipes...) {
		if f.Differs() {
			list = append(list, f)
		}
	}
	return list
}

// Fields lists all hyper-parameters of recipes, in the order of the fields of Recipe.
func Fields(recipes ...Recipe) []FieldDifference {
	var list []FieldDifference
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Recipe]()) {
		f := FieldDifference{Field: field.Tag.Get("json")}
		for _, r := range recipes {
			f.Values = append(f.Values, reflect.ValueOf(r).FieldByIndex(field.Index).Interface())
		}
		list = append(list, f)
	}
	return list
}

// Differs tells whether the values are not all the same.
func (d FieldDifference) Differs() bool {
	return slices.ContainsFunc(d.Values, func(v any) bool { return v != d.Values[0] })
}
