package keep

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
)

// files returns the store's files, without its lock.
func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.Name() != lockName {
			names = append(names, e.Name())
		}
	}
	return names
}

func checkLosses(t testing.TB, got []Loss, want ...string) {
	t.Helper()
	var texts []string
	for _, l := range got {
		texts = append(texts, l.String())
	}
	if !slices.Equal(texts, want) {
		t.Errorf("lost %q, want %q", texts, want)
	}
}

func TestVariablesThatShareMemoryAreOneGroup(t *testing.T) {
	dir := folder(t)
	all := []int{1, 2, 3, 4}
	part := all[1:3]
	element := &part[0]
	alone := 7
	direct := &alone
	other := "x"
	save(t, dir, options(), variable("all", &all), variable("part", &part), variable("element", &element),
		variable("alone", &alone), variable("direct", &direct), variable("other", &other))
	list, err := Open(dir, options()).List()
	if err != nil {
		t.Fatal(err)
	}
	shared := map[string][]string{}
	for _, e := range list {
		shared[e.Name] = e.Shared
		if e.Bytes == 0 || e.When.IsZero() {
			t.Errorf("%s: %+v", e.Name, e)
		}
	}
	if want := map[string][]string{
		"all": {"element", "part"}, "part": {"all", "element"}, "element": {"all", "part"}, "alone": {"direct"}, "direct": {"alone"}, "other": nil,
	}; !reflect.DeepEqual(shared, want) {
		t.Errorf("shared: %v", shared)
	}

	// A cell that uses one of them has all of them: what it changes, the others see.
	var part2 []int
	store := Open(dir, options())
	checkLosses(t, store.Load(variable("part", &part2)))
	part2[0] = 20
	checkLosses(t, store.Save(variable("part", &part2)))
	var all3, part3 []int
	var element3, direct3 *int
	var alone3 int
	load(t, dir, options(), variable("all", &all3), variable("element", &element3), variable("part", &part3),
		variable("alone", &alone3), variable("direct", &direct3))
	if all3[1] != 20 || *element3 != 20 || element3 != &all3[1] || &part3[0] != element3 || direct3 != &alone3 {
		t.Errorf("all %v, element %d, part %v", all3, *element3, part3)
	}
}

func TestOtherVariablesOfTheProgramAreSetWithTheirGroup(t *testing.T) {
	dir := folder(t)
	all := []int{1, 2, 3}
	part := all[:2]
	save(t, dir, options(), variable("all", &all), variable("part", &part))
	var all2, part2, new []int
	var number int
	o := options()
	o.Variables = []Variable{variable("all", &all2), variable("part", &part2), variable("number", &number), variable("new", &new)}
	store := Open(dir, o)
	checkLosses(t, store.Load(variable("part", &part2)))
	if len(all2) != 3 || &all2[0] != &part2[0] {
		t.Fatalf("all is %v", all2)
	}
	pointer := &number // which no cell has kept before
	number = 3
	checkLosses(t, store.Save(variable("part", &part2), variable("pointer", &pointer)))
	var number3 int
	var pointer3 *int
	load(t, dir, options(), variable("pointer", &pointer3), variable("number", &number3))
	if pointer3 != &number3 || number3 != 3 {
		t.Errorf("number is %d", number3)
	}
}

func TestOnlyChangesAreWritten(t *testing.T) {
	dir := folder(t)
	one, two := map[string]*link{"a": {value: 1}, "b": {value: 2}}, any([]any{1, "x", Pair{1, Pair{2, nil}}})
	large := make([]float64, mapped.LargeBytes)
	o := options()
	o.Types = []reflect.Type{reflect.TypeFor[Pair]()}
	save(t, dir, o, variable("one", &one), variable("two", &two), variable("large", &large))
	before := files(t, dir)
	manifest, err := os.Stat(filepath.Join(dir, manifestName))
	if err != nil {
		t.Fatal(err)
	}
	var one2 map[string]*link
	var two2 any
	var large2 []float64
	variables := []Variable{variable("one", &one2), variable("two", &two2), variable("large", &large2)}
	store := Open(dir, o)
	checkLosses(t, store.Load(variables...))
	checkLosses(t, store.Save(variables...))
	if after, err := os.Stat(filepath.Join(dir, manifestName)); err != nil || !os.SameFile(manifest, after) {
		t.Errorf("the manifest was written though nothing has changed: %v, %v", before, files(t, dir))
	}
	one2["b"].value = 3
	checkLosses(t, store.Save(variables...))
	after := files(t, dir)
	same := 0
	for _, name := range after {
		if slices.Contains(before, name) {
			same++
		}
	}
	if len(after) != len(before) || same != len(before)-1 {
		t.Errorf("files before %q, after %q", before, after)
	}
}

// What is compared with is what was saved last.
func TestSavesOfOneProgram(t *testing.T) {
	dir := folder(t)
	x, kept := any(1), 0
	save(t, dir, options(), variable("x", &x))
	store := Open(dir, options())
	checkLosses(t, store.Load(variable("x", &x)))
	for _, v := range []any{2, 1, make(chan int), 1, 3, nil} {
		x = v
		store.Save(variable("x", &x), variable("kept", &kept))
		got := any("nothing")
		load(t, dir, options(), variable("x", &got))
		if _, lost := v.(chan int); lost && got != "nothing" || !lost && got != v {
			t.Errorf("x is %v, want %v", got, v)
		}
	}
}

// A program that has read a variable does not undo what another one has done to it meanwhile.
func TestReadersDoNotOverwrite(t *testing.T) {
	dir := folder(t)
	x, y := 1, 1
	save(t, dir, options(), variable("x", &x), variable("y", &y))
	var x1, y1, x2, y2 int
	one, two := Open(dir, options()), Open(dir, options())
	checkLosses(t, one.Load(variable("x", &x1), variable("y", &y1)))
	checkLosses(t, two.Load(variable("x", &x2), variable("y", &y2)))
	x1, y2 = 10, 20
	checkLosses(t, one.Save(variable("x", &x1), variable("y", &y1)))
	checkLosses(t, two.Save(variable("x", &x2), variable("y", &y2)))
	load(t, dir, options(), variable("x", &x), variable("y", &y))
	if x != 10 || y != 20 {
		t.Errorf("x is %d, y is %d", x, y)
	}
}

func TestTypeChanges(t *testing.T) {
	dir := folder(t)
	n := 5
	saveOld := func() {
		type T struct{ a int }
		value, pointers, boxed := T{1}, []*T{{2}}, any(T{3})
		save(t, dir, options(), variable("value", &value), variable("pointers", &pointers), variable("boxed", &boxed), variable("n", &n))
	}
	saveOld()
	type T struct{ b string }
	value, pointers, boxed, text := T{"new"}, []*T{}, any(nil), ""
	store := Open(dir, options())
	variables := []Variable{variable("value", &value), variable("pointers", &pointers), variable("boxed", &boxed), variable("n", &text)}
	name := reflect.TypeFor[T]().PkgPath() + ".T"
	changed := ": type " + name + " has changed since the value was kept; the value is dropped"
	checkLosses(t, store.Load(variables...), "boxed"+changed, "n: type int (now string) has changed since the value was kept; the value is dropped",
		"pointers"+changed, "value"+changed)
	if value.b != "new" || boxed != nil {
		t.Errorf("value is %v, boxed %v", value, boxed)
	}
	checkLosses(t, store.Save(variables...))
	load(t, dir, options(), variables...)
	list, err := store.List()
	if err != nil || len(list) != 4 || list[1].Type != "string" || list[1].Text != `""` {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestValueOfAnUnknownTypeStays(t *testing.T) {
	dir := folder(t)
	value := any(Square{2})
	function := Double
	o := options()
	o.Types = []reflect.Type{reflect.TypeFor[Square]()}
	o.Funcs = map[string]any{"github.com/headstart-nb/headstart/nbhelpers/keep.Double": Double}
	save(t, dir, o, variable("value", &value), variable("function", &function))
	var value2 any
	var function2 func(int) int
	store := Open(dir, options())
	variables := []Variable{variable("function", &function2), variable("value", &value2)}
	const pkg = "github.com/headstart-nb/headstart/nbhelpers/keep."
	checkLosses(t, store.Load(variables...),
		"function: this program does not know function "+pkg+"Double, which the value has; the value stays kept",
		"value: this program does not know type "+pkg+"Square, which the value has; the value stays kept")
	checkLosses(t, store.Save(variables...))
	value, function = nil, nil
	load(t, dir, o, variable("value", &value), variable("function", &function))
	if value != any(Square{2}) || function(2) != 4 {
		t.Errorf("value is %v", value)
	}
	value2 = 3
	checkLosses(t, store.Save(variables...))
	load(t, dir, o, variable("value", &value))
	if value != any(3) {
		t.Errorf("value is %v, want what was assigned", value)
	}
	list, err := store.List()
	if err != nil || !slices.Equal(list[0].Funcs, []string{pkg + "Double"}) {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestListNamesTypesToKnow(t *testing.T) {
	dir := folder(t)
	value := any([]any{map[string]*Pair{"a": {}}, 1, Square{1}})
	save(t, dir, options(), variable("v", &value))
	list, err := Open(dir, Options{}).List()
	const pkg = "github.com/headstart-nb/headstart/nbhelpers/keep."
	if err != nil || !slices.Equal(list[0].Types, []string{pkg + "Pair", pkg + "Square"}) || list[0].Type != "interface {}" {
		t.Errorf("%+v, %v", list, err)
	}
	if want := `[map["a":&{A:nil B:nil}] 1 {side:1}]`; list[0].Text != want {
		t.Errorf("text is %s, want %s", list[0].Text, want)
	}
}

func TestPartOfAGroup(t *testing.T) {
	dir := folder(t)
	numbers := []int{1, 2, 3}
	holder := any(struct {
		Square Square
		N      []int
	}{Square{1}, numbers})
	save(t, dir, options(), variable("numbers", &numbers), variable("holder", &holder))
	var numbers2 []int
	store := Open(dir, options())
	losses := store.Load(variable("numbers", &numbers2))
	if len(losses) != 1 || losses[0].Name != "holder" || !slices.Equal(numbers2, numbers) {
		t.Errorf("lost %q, numbers %v", losses, numbers2)
	}
	checkLosses(t, store.Save(variable("numbers", &numbers2)))
	if list, err := store.List(); err != nil || len(list) != 2 || list[0].Shared == nil {
		t.Errorf("%+v, %v", list, err)
	}
}

// A part of a mapped slice needs no new file.
// linked replaces a file by a link to it.
// A thousand images are one file, not a thousand.
func TestVariablesWithoutSize(t *testing.T) {
	dir := folder(t)
	var nothing struct{}
	var none [0]int
	save(t, dir, options(), variable("nothing", &nothing), variable("none", &none))
	load(t, dir, options(), variable("nothing", &nothing), variable("none", &none))
	if list, err := Open(dir, options()).List(); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A manifest that cannot be replaced leaves everything as it was.
func TestCopy(t *testing.T) {
	dir, other := folder(t), folder(t)
	numbers := make([]int, mapped.LargeBytes)
	numbers[3] = 3
	part, x, y := numbers[:5], 1, 2
	save(t, dir, options(), variable("numbers", &numbers), variable("part", &part), variable("x", &x), variable("y", &y))
	from, to := Open(dir, Options{}), Open(other, options())
	for range 2 { // the second time everything is there
		if err := from.Copy(to, "part", "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Copy(to, "z"); err == nil {
		t.Error("a variable that is not kept was copied")
	}
	if err := from.Copy(Open(folder(t), Options{Quota: 1000}), "numbers"); err == nil {
		t.Error("the quota was ignored")
	}
	numbers, part, x, y = nil, nil, 0, 0
	load(t, other, options(), variable("numbers", &numbers), variable("part", &part), variable("x", &x), variable("y", &y))
	if len(numbers) != mapped.LargeBytes || &part[3] != &numbers[3] || part[3] != 3 || x != 1 || y != 0 {
		t.Errorf("%d numbers, part %v, x %d, y %d", len(numbers), part, x, y)
	}
	if got := len(files(t, other)); got != 4 {
		t.Errorf("files: %q", files(t, other))
	}
}
