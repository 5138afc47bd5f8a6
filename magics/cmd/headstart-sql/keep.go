package main

import (
	"bufio"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// keep reads all rows, writes them to the two files of a name, and holds on to the first ones for showing.
func (s *session) keep(found *sql.Rows, name string, limit int) (*result, error) {
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	r := &result{Columns: columns, numeric: make([]bool, len(columns))}
	for i := range r.numeric {
		r.numeric[i] = true
	}
	if len(columns) == 0 {
		for found.Next() {
			continue // statements without rows still have to be run to their end
		}
		return r, found.Err()
	}
	out, err := s.create(name, columns)
	if err != nil {
		return nil, err
	}
	defer out.discard()
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for found.Next() {
		if err := found.Scan(targets...); err != nil {
			return nil, err
		}
		if err := out.row(values); err != nil {
			return nil, err
		}
		if int(r.Count) < limit {
			r.show(values)
		}
		r.Count++
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	r.JSON, r.CSV, err = out.finish()
	return r, err
}

func (r *result) show(values []any) {
	row := make([]string, len(values))
	for i, v := range values {
		row[i] = text(v, "NULL")
		switch v.(type) {
		case nil, int64, float64:
		default:
			r.numeric[i] = false
		}
	}
	r.shown = append(r.shown, row)
}

// text is a value as a table and a CSV file have it.
func text(value any, null string) string {
	switch v := value.(type) {
	case nil:
		return null
	case []byte:
		return "x'" + hex.EncodeToString(v) + "'" // as SQL writes it
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value)
}

// files are the two files of a result, under temporary names until they are whole.
type files struct {
	columns [][]byte // names as JSON
	names   []string // final, then temporary: JSON, CSV
	opened  []*os.File
	json    *bufio.Writer
	csv     *csv.Writer
	rows    int
}

// create begins the files; without a folder for results the rows go nowhere.
func (s *session) create(name string, columns []string) (*files, error) {
	f := &files{json: bufio.NewWriter(io.Discard), csv: csv.NewWriter(io.Discard)}
	for _, c := range columns {
		quoted, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		f.columns = append(f.columns, quoted)
	}
	if s.folder == "" {
		return f, nil
	}
	folder := filepath.Join(s.folder, "sql")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("write the result: %w", err)
	}
	for _, extension := range []string{".json", ".csv"} {
		file, err := os.CreateTemp(folder, ".writing-*"+extension)
		if err != nil {
			f.discard()
			return nil, fmt.Errorf("write the result: %w", err)
		}
		f.opened = append(f.opened, file)
		f.names = append(f.names, filepath.Join(folder, name+extension))
	}
	f.json, f.csv = bufio.NewWriter(f.opened[0]), csv.NewWriter(f.opened[1])
	return f, f.csv.Write(columns)
}

// row writes one row. A column's name stands as often as the query has it.
func (f *files) row(values []any) error {
	separator := ",\n"
	if f.rows == 0 {
		separator = "[\n"
	}
	f.rows++
	_, _ = f.json.WriteString(separator + "{") // the writer keeps its first error for Flush
	fields := make([]string, len(values))
	for i, v := range values {
		if i > 0 {
			_ = f.json.WriteByte(',')
		}
		encoded, err := json.Marshal(v)
		if err != nil { // JSON has no infinity
			encoded = []byte("null")
		}
		_, _ = f.json.Write(f.columns[i])
		_ = f.json.WriteByte(':')
		_, _ = f.json.Write(encoded)
		fields[i] = text(v, "")
	}
	_ = f.json.WriteByte('}')
	return f.csv.Write(fields)
}

// finish gives the files their names.
func (f *files) finish() (jsonFile, csvFile string, err error) {
	end := "\n]\n"
	if f.rows == 0 {
		end = "[]\n"
	}
	_, _ = f.json.WriteString(end)
	f.csv.Flush()
	err = errors.Join(f.json.Flush(), f.csv.Error())
	for i, file := range f.opened {
		err = errors.Join(err, file.Close())
		if err == nil {
			err = os.Rename(file.Name(), f.names[i])
		}
	}
	if err != nil {
		return "", "", fmt.Errorf("write the result: %w", err)
	}
	if len(f.names) == 0 {
		return "", "", nil
	}
	return f.names[0], f.names[1], nil
}

// discard removes what was not finished.
func (f *files) discard() {
	for _, file := range f.opened {
		_ = file.Close() // closed already when it was finished
		_ = os.Remove(file.Name())
	}
}
