package keep

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/headstart-nb/headstart/internal/need"
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
	large := make([]float64, LargeBytes)
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

func TestQuota(t *testing.T) {
	dir := folder(t)
	small, large := 1, make([]byte, 1<<20)
	o := Options{Quota: 1 << 20}
	losses := Open(dir, o).Save(variable("large", &large), variable("small", &small))
	if len(losses) != 1 || losses[0].Name != "large" || !strings.Contains(losses[0].Reason, "may be kept") {
		t.Errorf("lost %q", losses)
	}
	large = large[: 1<<19 : 1<<19]
	save(t, dir, o, variable("large", &large))
	text := strings.Repeat("x", 1<<19)
	if losses = Open(dir, o).Save(variable("text", &text)); len(losses) != 1 || losses[0].Name != "text" {
		t.Errorf("lost %q", losses)
	}
	many := make([]string, 1<<16) // the graph alone
	for i := range many {
		many[i] = strings.Repeat("y", 20)
	}
	if losses = Open(dir, o).Save(variable("many", &many)); len(losses) != 1 || losses[0].Name != "many" {
		t.Errorf("lost %q", losses)
	}
	if losses = Open(dir, Options{}).Save(variable("small", &small)); len(losses) != 1 {
		t.Errorf("without a quota: lost %q", losses)
	}
	if got := len(files(t, dir)); got != 3 { // manifest, graph and numbers of large; small went with the quota of 0
		t.Errorf("files: %q", files(t, dir))
	}
}

func TestLargeDataIsMapped(t *testing.T) {
	dir := folder(t)
	numbers := make([]float32, 1<<18)
	for i := range numbers {
		numbers[i] = float32(i)
	}
	part := numbers[1000:200000]
	text := strings.Repeat("0123456789abcdef", 1<<13)
	lines := []string{text[:LargeBytes], text[16:], "short"}
	save(t, dir, options(), variable("numbers", &numbers), variable("part", &part), variable("text", &text), variable("lines", &lines))
	var numbers2, part2 []float32
	var text2 string
	var lines2 []string
	store := Open(dir, options())
	variables := []Variable{variable("numbers", &numbers2), variable("part", &part2), variable("text", &text2), variable("lines", &lines2)}
	checkLosses(t, store.Load(variables...))
	if !slices.Equal(numbers, numbers2) || &part2[0] != &numbers2[1000] || text2 != text || !slices.Equal(lines, lines2) ||
		unsafe.StringData(lines2[1]) != (*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(text2)), 16)) {
		t.Error("values differ")
	}
	if len(store.files) != 2 || !slices.ContainsFunc(store.files, func(m *mapping) bool {
		return unsafe.Pointer(&m.data[0]) == unsafe.Pointer(&numbers2[0])
	}) {
		t.Errorf("%d files are mapped", len(store.files))
	}
	checkLosses(t, store.Save(variables...))
	before := files(t, dir)

	numbers2[5] = 5 // the same value: a page is copied, but nothing has changed
	checkLosses(t, store.Save(variables...))
	if !slices.Equal(before, files(t, dir)) {
		t.Error("the file was written again")
	}
	part2[7] = -1
	numbers2 = numbers2[900:210000:210000] // what is left of the old file can be let go
	checkLosses(t, store.Save(variables...))
	if slices.Equal(before, files(t, dir)) || len(before) != len(files(t, dir)) {
		t.Errorf("files before %q, after %q", before, files(t, dir))
	}
	var numbers3, part3 []float32
	load(t, dir, options(), variable("numbers", &numbers3), variable("part", &part3))
	if len(numbers3) != 209100 || numbers3[107] != -1 || &part3[0] != &numbers3[100] || text2 != text {
		t.Errorf("%d numbers", len(numbers3))
	}
}

// A part of a mapped slice needs no new file.
func TestPartOfAMappedSlice(t *testing.T) {
	dir := folder(t)
	numbers := make([]int64, 1<<16)
	numbers[1<<15] = 7
	save(t, dir, options(), variable("numbers", &numbers))
	before := files(t, dir)
	var numbers2 []int64
	store := Open(dir, options())
	checkLosses(t, store.Load(variable("numbers", &numbers2)))
	numbers2 = numbers2[1<<15-1:]
	checkLosses(t, store.Save(variable("numbers", &numbers2)))
	after := files(t, dir)
	flat := func(name string) bool { return !strings.HasSuffix(name, flatEnding) }
	if !slices.Equal(slices.DeleteFunc(before, flat), slices.DeleteFunc(after, flat)) {
		t.Errorf("files before %q, after %q", before, after)
	}
	load(t, dir, options(), variable("numbers", &numbers))
	if len(numbers) != 1<<15+1 || numbers[1] != 7 {
		t.Errorf("%d numbers", len(numbers))
	}
}

func TestResetAndDrop(t *testing.T) {
	dir := folder(t)
	x, y := 1, 2
	save(t, dir, options(), variable("x", &x), variable("y", &y))
	running := Open(dir, options())
	checkLosses(t, running.Load(variable("x", &x)))
	if err := running.Drop("x", "z"); err != nil {
		t.Fatal(err)
	}
	if list, err := running.List(); err != nil || len(list) != 1 || list[0].Name != "y" || list[0].Text != "2" {
		t.Errorf("%+v, %v", list, err)
	}
	checkLosses(t, running.Save(variable("x", &x))) // unchanged: it stays dropped
	if list, _ := running.List(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if err := Open(dir, options()).Reset(); err != nil {
		t.Fatal(err)
	}
	if list, err := running.List(); err != nil || len(list) != 0 || len(files(t, dir)) != 1 {
		t.Errorf("%+v, %v, files %q", list, err, files(t, dir))
	}
	x = 5
	checkLosses(t, running.Save(variable("x", &x)), "keep values in "+dir+": kept values were removed while this program ran; what was kept before stays")
	save(t, dir, options(), variable("x", &x))
}

func TestStrangeFoldersAreRefused(t *testing.T) {
	x := 1
	missing := filepath.Join(t.TempDir(), "missing")
	if losses := Open(missing, options()).Load(variable("x", &x)); losses != nil {
		t.Errorf("Load from a folder that does not exist lost %q", losses)
	}
	if list, err := Open(missing, options()).List(); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if losses := Open(missing, options()).Save(variable("x", &x)); len(losses) != 1 {
		t.Errorf("Save to a folder that does not exist lost %q", losses)
	}
	for name, spoil := range map[string]func(dir string) error{
		"open to others":     func(dir string) error { return os.Chmod(dir, 0o755) },
		"graph for all":      func(dir string) error { return os.Chmod(graph(t, dir), 0o644) },
		"manifest for all":   func(dir string) error { return os.Chmod(filepath.Join(dir, manifestName), 0o604) },
		"graph is a link":    func(dir string) error { return linked(graph(t, dir)) },
		"manifest is a link": func(dir string) error { return linked(filepath.Join(dir, manifestName)) },
		"lock is a link":     func(dir string) error { return linked(filepath.Join(dir, lockName)) },
		"folder is a link":   linked,
		"graph is a pipe": func(dir string) error {
			path := graph(t, dir)
			if err := os.Remove(path); err != nil {
				return err
			}
			return syscall.Mkfifo(path, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			save(t, dir, options(), variable("x", &x))
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			got := 0
			if losses := Open(dir, options()).Load(variable("x", &got)); len(losses) != 1 || got != 0 {
				t.Errorf("lost %q, x is %d", losses, got)
			}
		})
	}
}

func graph(t testing.TB, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+graphEnding))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	return found[0]
}

// linked replaces a file by a link to it.
func linked(path string) error {
	if err := os.Rename(path, path+"-moved"); err != nil {
		return err
	}
	return os.Symlink(path+"-moved", path)
}

func TestFilesOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		need.Lack(t, need.Root, "giving a file to another user")
	}
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	if err := os.Chown(graph(t, dir), 1234, -1); err != nil {
		t.Fatal(err)
	}
	if losses := Open(dir, options()).Load(variable("x", &x)); len(losses) != 1 || !strings.Contains(losses[0].Reason, "another user") {
		t.Errorf("lost %q", losses)
	}
}

func TestDamagedManifest(t *testing.T) {
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"empty": {}, "cut": data[:len(data)/2], "flipped": bytes.Replace(data, []byte("int"), []byte("inT"), 1),
	} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		store := Open(dir, options())
		if losses := store.Load(variable("x", &x)); len(losses) != 1 || losses[0].Name != "" || !strings.Contains(losses[0].Reason, "damaged") {
			t.Errorf("%s: lost %q", name, losses)
		}
		x = 2
		if losses := store.Save(variable("x", &x)); len(losses) != 1 || losses[0].Name != "" {
			t.Errorf("%s: lost %q", name, losses)
		}
		load(t, dir, options(), variable("x", &x))
	}
}

func TestTwoProgramsSaveAtOnce(t *testing.T) {
	dir := folder(t)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			name := string(rune('a' + i))
			for n := range 20 {
				value := []int{i, n}
				store := Open(dir, options())
				store.Load(variable(name, &value))
				if value[1] = n; len(store.Save(variable(name, &value))) > 0 {
					t.Errorf("%s was lost", name)
				}
			}
		})
	}
	wait.Wait()
	list, err := Open(dir, options()).List()
	if err != nil || len(list) != 8 || len(files(t, dir)) != 9 {
		t.Errorf("%+v, %v, files %q", list, err, files(t, dir))
	}
	for i, e := range list {
		var value []int
		load(t, dir, options(), variable(e.Name, &value))
		if value[0] != i || value[1] != 19 {
			t.Errorf("%s is %v", e.Name, value)
		}
	}
}

func TestBadVariables(t *testing.T) {
	store := Open(folder(t), options())
	var nothing *int
	for _, pointer := range []any{nil, 1, nothing} {
		if losses := store.Save(Variable{Name: "x", Pointer: pointer}); len(losses) != 1 {
			t.Errorf("%v: lost %q", pointer, losses)
		}
		if losses := store.Load(Variable{Name: "x", Pointer: pointer}); len(losses) != 1 {
			t.Errorf("%v: lost %q", pointer, losses)
		}
	}
}

// A thousand images are one file, not a thousand.
func TestManyLargePartsAreOneFile(t *testing.T) {
	dir := folder(t)
	images := make([]*struct{ pix []uint8 }, 40)
	for i := range images {
		images[i] = &struct{ pix []uint8 }{bytes.Repeat([]byte{byte(i)}, LargeBytes+i)}
	}
	save(t, dir, options(), variable("images", &images))
	if got := files(t, dir); len(got) != 3 {
		t.Errorf("files: %q", got)
	}
	var images2 []*struct{ pix []uint8 }
	store := Open(dir, options())
	checkLosses(t, store.Load(variable("images", &images2)))
	for i := range images {
		if !bytes.Equal(images[i].pix, images2[i].pix) {
			t.Errorf("image %d differs", i)
		}
	}
	images2[7].pix[5] = 99
	checkLosses(t, store.Save(variable("images", &images2)))
	list, err := store.List()
	if err != nil || list[0].Bytes > 42*(LargeBytes+partAlign) {
		t.Errorf("%+v, %v: one image has changed, the others were written again", list, err)
	}
	load(t, dir, options(), variable("images", &images))
	if images[7].pix[5] != 99 || images[8].pix[5] != 8 || images[39].pix[LargeBytes+38] != 39 {
		t.Error("values differ")
	}
}

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
func TestFailedSave(t *testing.T) {
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	if err := os.MkdirAll(filepath.Join(dir, tempName, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	x = 2
	store := Open(dir, options())
	if losses := store.Save(variable("x", &x)); len(losses) != 1 || !strings.Contains(losses[0].Reason, "what was kept before stays") {
		t.Errorf("lost %q", losses)
	}
	load(t, dir, options(), variable("x", &x))
	if x != 1 {
		t.Errorf("x is %d", x)
	}
	x = 2
	if err := os.RemoveAll(filepath.Join(dir, tempName)); err != nil {
		t.Fatal(err)
	}
	checkLosses(t, store.Save(variable("x", &x)))
	load(t, dir, options(), variable("x", &x))
	if x != 2 || len(files(t, dir)) != 2 {
		t.Errorf("x is %d, files %q", x, files(t, dir))
	}
}
