package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// openMetadata reads a folder with Hugging Face's metadata.csv or metadata.jsonl, at its top or in each folder of a split; false
// where there is none that gives labels.
func openMetadata(ctx context.Context, s *scanner, o Options) (Layout, bool, error) {
	var all []row
	for _, file := range s.files {
		dir, name := path.Split(file.Path)
		if name != "metadata.csv" && name != "metadata.jsonl" {
			continue
		}
		split, ok := splitName(path.Clean(dir))
		if dir != "" && !ok {
			continue
		}
		rows, err := readList(filepath.Join(s.root, filepath.FromSlash(file.Path)), o.MaxFiles)
		if err != nil {
			return Layout{}, false, fmt.Errorf("%s: %w", file.Path, err)
		}
		if len(rows) == 0 || !rows[0].named { // its columns are others: a caption, say
			continue
		}
		for _, r := range rows {
			r.path = path.Join(dir, r.path)
			if dir != "" {
				r.split = split
			}
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return Layout{}, false, nil
	}
	l, err := arrangeList(ctx, s.root, all)
	return l, true, err
}

// parseJSONList reads a list with a JSON object in each line, which has a file_name and a label.
func parseJSONList(r io.Reader, maxRows int) ([]row, error) {
	reader := bufio.NewReader(unicodeReader(r))
	var rows []row
	for line := 1; ; line++ {
		text, readErr := reader.ReadBytes('\n')
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return nil, readErr
		}
		if len(bytes.TrimSpace(text)) > 0 {
			r, ok, err := parseJSONRow(text)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			if !ok && len(rows) == 0 {
				return nil, nil // other columns
			}
			if len(rows) >= maxRows {
				return nil, fmt.Errorf("the list has more than %d lines: choose a smaller one or raise the limit", maxRows)
			}
			r.line, r.named = line, true
			rows = append(rows, r)
		}
		if readErr != nil {
			return rows, nil
		}
	}
}

// parseJSONRow reads one object; false where it has no label.
func parseJSONRow(text []byte) (row, bool, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return row{}, false, err
	}
	var names, values []string
	for name, raw := range object {
		var value string
		if json.Unmarshal(raw, &value) != nil {
			value = string(raw) // a number is its own name
		}
		names, values = append(names, name), append(values, value)
	}
	place, ok := namedColumns(names)
	if !ok {
		return row{}, false, nil
	}
	if strings.ContainsAny(values[place.label][:min(1, len(values[place.label]))], "[{") {
		return row{}, false, errors.New("the label is a list: an image has one label")
	}
	if place.split >= 0 && !slices.ContainsFunc(values, func(v string) bool { _, ok := splitName(v); return ok }) {
		place.split = -1
	}
	r, err := place.row(values)
	return r, true, err
}
