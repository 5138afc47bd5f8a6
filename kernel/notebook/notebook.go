// Package notebook is the notebook file of Jupyter: to read, to write, to run with other parameters.
package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// A Notebook is a file of format 4. Fields that this package has no use for are kept as they are.
type Notebook struct {
	fields map[string]json.RawMessage
	Cells  []Cell
}

// A Cell is one cell; Source is its text whether the file holds a string or lines.
type Cell struct {
	fields  map[string]json.RawMessage
	Kind    string // code, markdown, raw
	Source  string
	Tags    []string
	Outputs []Output
}

// An Output is one result of a code cell. Data maps a MIME type to what stands there.
type Output struct {
	Kind string                     `json:"output_type"`
	Data map[string]json.RawMessage `json:"data"`
}

// maxFile bounds a notebook in bytes; its outputs hold images.
const maxFile = 1 << 30

// Read reads a notebook file.
func Read(file string) (*Notebook, error) {
	data, err := safefile.ReadFile(file, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading the notebook: %w", err)
	}
	nb, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the notebook %s: %w", file, err)
	}
	return nb, nil
}

// Parse reads a notebook of format 4, and makes it valid where it can.
func Parse(data []byte) (*Notebook, error) {
	nb := &Notebook{}
	if err := json.Unmarshal(data, &nb.fields); err != nil {
		return nil, fmt.Errorf("it is not a JSON object: %w", err)
	}
	var format int
	if err := json.Unmarshal(nb.fields["nbformat"], &format); err != nil || format != 4 {
		return nil, errors.New("it is not a notebook of format 4: open it in JupyterLab and save it again")
	}
	var cells []map[string]json.RawMessage
	if err := json.Unmarshal(nb.fields["cells"], &cells); err != nil {
		return nil, fmt.Errorf("its list of cells is damaged: %w", err)
	}
	for i, fields := range cells {
		if fields == nil {
			return nil, fmt.Errorf("its cell %d is damaged: it is null", i+1)
		}
	}
	repair(nb.fields, cells)
	for i, fields := range cells {
		cell, err := parseCell(fields)
		if err != nil {
			return nil, fmt.Errorf("its cell %d is damaged: %w", i+1, err)
		}
		nb.Cells = append(nb.Cells, cell)
	}
	return nb, nil
}

func parseCell(fields map[string]json.RawMessage) (Cell, error) {
	cell := Cell{fields: fields}
	if err := json.Unmarshal(fields["cell_type"], &cell.Kind); err != nil {
		return cell, errors.New("it has no cell_type")
	}
	var lines []string
	if err := json.Unmarshal(fields["source"], &lines); err == nil {
		cell.Source = strings.Join(lines, "")
	} else if err := json.Unmarshal(fields["source"], &cell.Source); err != nil {
		return cell, errors.New("its source is not text")
	}
	var metadata struct{ Tags []string }
	if raw, ok := fields["metadata"]; ok {
		if err := json.Unmarshal(raw, &metadata); err != nil {
			return cell, fmt.Errorf("its metadata: %w", err)
		}
	}
	cell.Tags = metadata.Tags
	if raw, ok := fields["outputs"]; ok {
		if err := json.Unmarshal(raw, &cell.Outputs); err != nil {
			return cell, fmt.Errorf("its outputs: %w", err)
		}
	}
	return cell, nil
}

// Bytes is the notebook as a file's content.
func (nb *Notebook) Bytes() ([]byte, error) {
	cells := make([]map[string]json.RawMessage, len(nb.Cells))
	for i, cell := range nb.Cells {
		source, err := marshal(strings.SplitAfter(cell.Source, "\n"))
		if err != nil {
			return nil, err
		}
		fields := map[string]json.RawMessage{}
		for key, value := range cell.fields {
			fields[key] = value
		}
		fields["source"] = source
		cells[i] = fields
	}
	raw, err := marshal(cells)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	for key, value := range nb.fields {
		fields[key] = value
	}
	fields["cells"] = raw
	compact, err := marshal(fields)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", " "); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// marshal leaves <, > and & as they are, as other writers of notebooks do.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return out.Bytes(), err
}

// Last returns the last output of that MIME type, decoded into value, and whether there was one that fits.
func (nb *Notebook) Last(mime string, value any) bool {
	for i := len(nb.Cells) - 1; i >= 0; i-- {
		outputs := nb.Cells[i].Outputs
		for j := len(outputs) - 1; j >= 0; j-- {
			if raw, ok := outputs[j].Data[mime]; ok && json.Unmarshal(raw, value) == nil {
				return true
			}
		}
	}
	return false
}

// ClearOutputs removes what code cells showed, and their execution counts.
func (nb *Notebook) ClearOutputs() {
	for i := range nb.Cells {
		cell := &nb.Cells[i]
		cell.Outputs = nil
		if cell.Kind == "code" {
			cell.fields["outputs"] = json.RawMessage("[]")
			cell.fields["execution_count"] = json.RawMessage("null")
		}
	}
}
