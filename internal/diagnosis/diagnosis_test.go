package diagnosis

import "testing"

func TestSortPutsTheMostSeriousFirst(t *testing.T) {
	list := []Diagnosis{{Severity: Note, Code: "a"}, {Severity: Error, Code: "b"}, {Severity: OK, Code: "c"}, {Severity: Error, Code: "d"}}
	Sort(list)
	got := ""
	for _, d := range list {
		got += d.Code
	}
	if got != "bdac" {
		t.Errorf("the order is %s", got)
	}
	if worst := Worst(list[2:]); worst != Note {
		t.Errorf("the worst is %s", worst)
	}
	if worst := Worst(nil); worst != OK {
		t.Errorf("of nothing the worst is %s", worst)
	}
}
