package training

import (
	"reflect"
	"slices"
)

// A FieldDifference is a hyper-parameter that is not the same in all of some recipes.
type FieldDifference struct {
	Field  string `json:"field"`  // its key in JSON: batch_size
	Values []any  `json:"values"` // one for each recipe, in their order
}

// Differences lists the hyper-parameters in which recipes differ, in the order of the fields of Recipe.
func Differences(recipes ...Recipe) []FieldDifference {
	list := []FieldDifference{} // [] in JSON
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Recipe]()) {
		d := FieldDifference{Field: field.Tag.Get("json")}
		for _, r := range recipes {
			d.Values = append(d.Values, reflect.ValueOf(r).FieldByIndex(field.Index).Interface())
		}
		if slices.ContainsFunc(d.Values, func(v any) bool { return v != d.Values[0] }) {
			list = append(list, d)
		}
	}
	return list
}
