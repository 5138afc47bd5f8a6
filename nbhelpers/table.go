package nbhelpers

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// mostRows is how many rows of a table are shown.
const mostRows = 1000

// stringTable takes the first row as the header.
func stringTable(rows [][]string) sketch.Table {
	if len(rows) == 0 {
		return sketch.Table{}
	}
	return numbered(sketch.Table{Header: rows[0], Rows: rows[1:]})
}

// numbered sets the columns that hold nothing but numbers to the right, and cuts a table that is too long.
func numbered(t sketch.Table) sketch.Table {
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
		t.Notes = append(t.Notes, sketch.Count(len(t.Rows)-mostRows)+" more rows are not shown")
		t.Rows = t.Rows[:mostRows]
	}
	return t
}

// structTable is the table of a struct or of a slice of structs (or of pointers to them), a column for each exported
// field. Types that print themselves are left to fmt.
func structTable(v any) (sketch.Table, bool) {
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
	if element.Kind() != reflect.Struct {
		return sketch.Table{}, false
	}
	var fields []int
	var t sketch.Table
	for i := range element.NumField() {
		if field := element.Field(i); field.IsExported() {
			fields = append(fields, i)
			t.Header = append(t.Header, field.Name)
		}
	}
	if len(fields) == 0 {
		return sketch.Table{}, false
	}
	rows := 1
	if list {
		rows = value.Len()
	}
	for i := range rows {
		item := value
		if list {
			item = value.Index(i)
		}
		if item.Kind() == reflect.Pointer {
			item = item.Elem()
		}
		row := make([]string, len(fields))
		for j, field := range fields {
			if item.IsValid() { // not a nil pointer
				row[j] = cellText(item.Field(field))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return numbered(t), true
}

// cellText is a value as a table shows it: numbers with a fraction with four digits, all else as fmt prints it.
func cellText(v reflect.Value) string {
	if _, prints := v.Interface().(fmt.Stringer); !prints && v.CanFloat() {
		return sketch.Number(v.Float())
	}
	return fmt.Sprint(v.Interface())
}

func predictionTable(predictions []prediction.Prediction) sketch.Table {
	t := sketch.Table{Header: []string{"image", "truth", "class", "probability", "then"}, Right: []int{3}}
	for _, p := range predictions {
		var then []string
		for _, score := range p.Top[min(1, len(p.Top)):] {
			then = append(then, score.Class+" "+sketch.Percent(score.Probability))
		}
		t.Rows = append(t.Rows, []string{p.Name, p.Truth, p.Class(), sketch.Percent(p.Probability()), strings.Join(then, ", ")})
	}
	return t
}

func reportTable(r warm.Report) sketch.Table {
	where := r.Split
	if r.Dir != "" {
		where = r.Dir
	}
	t := sketch.Table{
		Title:  fmt.Sprintf("%s on %s: accuracy %s, loss %s, %s images", r.Model, where, sketch.Percent(r.Accuracy), sketch.Number(r.Loss), sketch.Count(r.Images)),
		Header: []string{"class", "precision", "recall", "F1", "images"}, Right: []int{1, 2, 3, 4},
	}
	for _, c := range r.Classes {
		t.Rows = append(t.Rows, []string{c.Label, sketch.Percent(c.Precision), sketch.Percent(c.Recall), sketch.Percent(c.F1), sketch.Count(c.Images)})
	}
	return t
}
