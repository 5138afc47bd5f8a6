package nbhelpers_test

import (
	"github.com/headstart-nb/headstart/nbhelpers"
)

func ExampleShow() {
	type class struct {
		Name     string
		Pictures int
	}
	// A slice of structs is a table: HTML in a notebook, columns of text here.
	if err := nbhelpers.Show([]class{{"glass", 80}, {"paper", 120}}); err != nil {
		panic(err)
	}
	// Output:
	// Name   Pictures
	// ─────  ────────
	// glass        80
	// paper       120
}

func ExampleTable() {
	if err := nbhelpers.Table([]string{"epoch", "loss"}, []string{"1", "1.90"}, []string{"2", "1.12"}); err != nil {
		panic(err)
	}
	// Output:
	// epoch  loss
	// ─────  ────
	//     1  1.90
	//     2  1.12
}
