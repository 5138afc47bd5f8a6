package transfer

import (
	"slices"
	"testing"
)

// TestComparedCellsStandBelowTheirHeadings also where only some of the models have more than two classes, and so a top-3.
func TestComparedCellsStandBelowTheirHeadings(t *testing.T) {
	half := 0.5
	many, two := comparedModel{Run: "many", Top3: &half}, comparedModel{Run: "two"}
	pairs := []comparedPair{{First: "first", Second: "second"}}
	for name, runs := range map[string][]comparedModel{"many first": {many, two}, "two first": {two, many}, "two alone": {two, two}} {
		table := comparedModels{Runs: runs, Pairs: pairs}.table()
		at := slices.Index(table.Header, "top-3")
		if (at < 0) != (name == "two alone") {
			t.Errorf("%s: the headings are %q", name, table.Header)
		}
		for i, row := range table.Rows {
			if len(row) != len(table.Header) {
				t.Errorf("%s: %q has %d cells below %d headings", name, row, len(row), len(table.Header))
				continue
			}
			want := map[string]string{"many": "50.0 %", "two": "–"}[runs[i].Run]
			if at >= 0 && row[at] != want {
				t.Errorf("%s: the top-3 of %s is %q, want %q", name, runs[i].Run, row[at], want)
			}
		}
	}
}
