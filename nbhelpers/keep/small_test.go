package keep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Small groups need no files of their own.
func TestSmallGroups(t *testing.T) {
	dir, other := folder(t), folder(t)
	usual := Options{Quota: DefaultQuota}
	numbers, large := []int{1, 2, 3}, strings.Repeat("x", smallBytes)
	part := numbers[1:]
	save(t, dir, usual, variable("numbers", &numbers), variable("part", &part), variable("large", &large))
	if got := files(t, dir); len(got) != 2 {
		t.Errorf("files: %q", got)
	}
	if err := Open(dir, usual).Copy(Open(other, usual), "part"); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{dir, other} {
		numbers, part = nil, nil
		store := Open(from, usual)
		checkLosses(t, store.Load(variable("numbers", &numbers), variable("part", &part)))
		if !slices.Equal(numbers, []int{1, 2, 3}) || &part[0] != &numbers[1] {
			t.Fatalf("%v, %v", numbers, part)
		}
		numbers[1] = 5
		checkLosses(t, store.Save(variable("numbers", &numbers), variable("part", &part)))
		load(t, from, usual, variable("part", &part))
		if part[0] != 5 {
			t.Errorf("part is %v", part)
		}
		numbers[1] = 2
		save(t, from, usual, variable("numbers", &numbers))
	}
	list, err := Open(other, usual).List()
	if err != nil || len(list) != 2 || list[0].Bytes == 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestTheManifestStaysSmall(t *testing.T) {
	dir := folder(t)
	var variables []Variable
	values := make([]string, 2*maxSmall/smallBytes)
	for i := range values {
		values[i] = strings.Repeat("v", smallBytes-200)
		variables = append(variables, variable(fmt.Sprint("v", i), &values[i]))
	}
	usual := Options{Quota: DefaultQuota}
	save(t, dir, usual, variables...)
	if n := len(files(t, dir)); n < len(values)/3 || n > 2*len(values)/3 {
		t.Errorf("%d files for %d values", n, len(values))
	}
	for i := range values {
		values[i] = ""
	}
	load(t, dir, usual, variables...)
	for i, value := range values {
		if len(value) != smallBytes-200 {
			t.Fatalf("value %d is %q", i, value)
		}
	}
}
