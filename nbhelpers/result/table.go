package result

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// mostRows is how many rows of a table are shown.
const mostRows = 1000

// Numbered sets the columns that hold nothing but numbers to the right, and cuts a table that is too long.
func Numbered(t sketch.Table) sketch.Table {
	for column := range t.Header {
		numbers := len(t.Rows) > 0
		for _, row := range t.Rows {
			if column < len(row) {
				_, err := strconv.ParseFloat(strings.TrimSuffix(row[column], " %"), 64)
				numbers = numbers && (err == nil || row[column] == "")
			}
		}
		if numbers {
			t.Right = append(t.Right, column)
		}
	}
	if len(t.Rows) > mostRows {
		t = shortened(t, len(t.Rows))
	}
	return t
}

// shortened is a table of which the first rows are shown, of all.
func shortened(t sketch.Table, all int) sketch.Table {
	if all > mostRows {
		t.Notes = append(t.Notes, sketch.Count(all-mostRows)+" more rows are not shown")
		t.Rows = t.Rows[:min(mostRows, len(t.Rows))]
	}
	return t
}

// Structs is the table of a struct or of a slice of structs (or of pointers to them), a column for each field. Types that
// print themselves are left to fmt.
func Structs(v any, unexported bool) (sketch.Table, bool) {
	value := reflect.ValueOf(v)
	if _, prints := v.(fmt.Stringer); prints || !value.IsValid() {
		return sketch.Table{}, false
	}
	element := value.Type()
	list := value.Kind() == reflect.Slice || value.Kind() == reflect.Array
	if list {
		element = element.Elem()
	}
	if element.Kind() == reflect.Pointer {
		element = element.Elem()
	}
	if element.Kind() != reflect.Struct || list && printsItself(element) {
		return sketch.Table{}, false
	}
	fields, header := columns(element, unexported)
	if len(fields) == 0 {
		return sketch.Table{}, false
	}
	t := sketch.Table{Header: header}
	if !list {
		t.Rows = append(t.Rows, fieldTexts(value, fields))
		return Numbered(t), true
	}
	for i := range min(value.Len(), mostRows) {
		t.Rows = append(t.Rows, fieldTexts(value.Index(i), fields))
	}
	return shortened(Numbered(t), value.Len()), true
}

// stringer is the type of what prints itself.
var stringer = reflect.TypeFor[fmt.Stringer]()

// printsItself tells a type such as time.Time, whose fields say nothing.
func printsItself(t reflect.Type) bool {
	return t.Implements(stringer) || reflect.PointerTo(t).Implements(stringer)
}

func columns(t reflect.Type, unexported bool) (fields []int, header []string) {
	for i := range t.NumField() {
		if field := t.Field(i); field.IsExported() || unexported && field.Name != "_" {
			fields, header = append(fields, i), append(header, field.Name)
		}
	}
	return fields, header
}

// fieldTexts is a row; that of a nil pointer is empty.
func fieldTexts(item reflect.Value, fields []int) []string {
	if item.Kind() == reflect.Pointer {
		item = item.Elem()
	}
	row := make([]string, len(fields))
	if !item.IsValid() {
		return row
	}
	if !item.CanAddr() && item.CanInterface() {
		copied := reflect.New(item.Type()).Elem()
		copied.Set(item)
		item = copied
	}
	for j, field := range fields {
		row[j] = brief(readable(item.Field(field)))
	}
	return row
}

// readable is a field whose methods may be called, although it is not exported: an image and a time print as such.
func readable(field reflect.Value) reflect.Value {
	if field.CanInterface() || !field.CanAddr() {
		return field
	}
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}

// entries is the table of a map: its keys in order, and its values, or the fields of its values.
func entries(v any) (t sketch.Table, ok bool) {
	value := reflect.ValueOf(v)
	if _, prints := v.(fmt.Stringer); prints || value.Kind() != reflect.Map || value.Len() == 0 {
		return t, false
	}
	list := ordered(value)
	t.Header = []string{"key", "value"}
	element := value.Type().Elem()
	if element.Kind() == reflect.Pointer {
		element = element.Elem()
	}
	var fields []int
	if element.Kind() == reflect.Struct && !printsItself(element) {
		var header []string
		fields, header = columns(element, true)
		t.Header = append([]string{"key"}, header...)
	}
	for _, e := range list[:min(len(list), mostRows)] {
		row := []string{brief(e.key)}
		if fields != nil {
			row = append(row, fieldTexts(e.value, fields)...)
		} else {
			row = append(row, brief(e.value))
		}
		t.Rows = append(t.Rows, row)
	}
	return shortened(Numbered(t), len(list)), true
}

// An entry of a map. Its value is taken with its key: a key that is not a number (NaN) finds nothing.
type entry struct {
	key, value reflect.Value
	text       string // of the key, where it orders it
}

// ordered are the entries of a map by their keys: numbers and strings as such, all else by their text.
func ordered(m reflect.Value) []entry {
	list := make([]entry, 0, m.Len())
	key := m.Type().Key()
	byText := key.Kind() != reflect.String && !reflect.Zero(key).CanInt() && !reflect.Zero(key).CanUint() && !reflect.Zero(key).CanFloat()
	for i := m.MapRange(); i.Next(); {
		e := entry{key: i.Key(), value: i.Value()}
		if byText {
			e.text = brief(e.key) // once, not at each comparison
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b entry) int {
		switch {
		case byText:
			return cmp.Compare(a.text, b.text)
		case a.key.CanInt():
			return cmp.Compare(a.key.Int(), b.key.Int())
		case a.key.CanUint():
			return cmp.Compare(a.key.Uint(), b.key.Uint())
		case a.key.CanFloat():
			return cmp.Compare(a.key.Float(), b.key.Float())
		}
		return cmp.Compare(a.key.String(), b.key.String())
	})
	return list
}

const (
	// mostItems is how many items of a list, and mostLevels how many lists within lists, a cell of a table prints.
	mostItems  = 8
	mostLevels = 3
	// longestText is where a string in a cell of a table is cut, in bytes.
	longestText = 200
)

// brief is a value as a table shows it: numbers with a fraction with four digits, images by their size, all else as fmt
// prints it, as long as it is short.
func brief(v reflect.Value) string { return briefly(v, mostLevels) }

func briefly(v reflect.Value, levels int) string {
	if v.IsValid() && v.CanInterface() {
		switch own := v.Interface().(type) {
		case image.Image:
			if !isNil(own) && !own.Bounds().Empty() {
				return imageText(own)
			}
		case error, fmt.Stringer:
			return limited(fmt.Sprint(own)) // fmt catches a panic
		}
	}
	if levels == 0 {
		return "…"
	}
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return number(v.Float())
	case reflect.String:
		return limited(v.String())
	case reflect.Interface:
		if v.IsNil() {
			return "<nil>"
		}
		return briefly(v.Elem(), levels)
	case reflect.Pointer:
		if v.IsNil() {
			return "<nil>"
		}
		return "&" + briefly(v.Elem(), levels-1)
	case reflect.Slice, reflect.Array:
		var items []string
		for i := range min(v.Len(), mostItems) {
			items = append(items, briefly(v.Index(i), levels-1))
		}
		if more := v.Len() - mostItems; more > 0 {
			items = append(items, fmt.Sprintf("… %s more", sketch.Count(more)))
		}
		return "[" + strings.Join(items, " ") + "]"
	case reflect.Map:
		return fmt.Sprintf("%s of %s", v.Type(), sketch.Count(v.Len()))
	case reflect.Struct:
		var items []string
		for i := range min(v.NumField(), mostItems) {
			items = append(items, v.Type().Field(i).Name+":"+briefly(v.Field(i), levels-1))
		}
		return "{" + strings.Join(items, " ") + "}"
	}
	return limited(fmt.Sprint(v)) // fmt prints what a reflect.Value holds
}

// mostWhole is up to where a float holds any number of cents and any time in milliseconds exactly.
const mostWhole = 1e15

// number is a float in a table of a user's values, which tells NaN from an infinity, and one moment or ID from the next.
func number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return strconv.FormatFloat(v, 'g', -1, 64)
	case math.Abs(v) >= 1e7 && math.Abs(v) < mostWhole:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return sketch.Number(v)
}

func limited(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "") + "…"
}
