package notebook

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// withIDs is the minor version of format 4 in which cells have ids.
const withIDs = 5

// validID is what the format allows as the id of a cell.
var validID = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

// widgetState is the type below metadata.widgets without whose state GitHub shows no notebook.
const widgetState = "application/vnd.jupyter.widget-state+json"

// repair makes a notebook of format 4.0 to 4.5 valid where programs have left out or added what the format's schema does not
// allow: strict readers, such as GitHub's, show nothing of an invalid one. It works on the fields as they are in the file.
func repair(fields map[string]json.RawMessage, cells []map[string]json.RawMessage) {
	minor := 0
	if isNull(fields["nbformat_minor"]) || json.Unmarshal(fields["nbformat_minor"], &minor) != nil || minor < 0 {
		minor = 0
		if slices.ContainsFunc(cells, func(c map[string]json.RawMessage) bool { return c["id"] != nil }) {
			minor = withIDs
		}
		fields["nbformat_minor"] = json.RawMessage(fmt.Sprint(minor))
	}
	metadata := object(fields, "metadata")
	repairLanguage(fields, metadata)
	if widgets := inner(metadata["widgets"]); widgets[widgetState] != nil {
		state := object(widgets, widgetState)
		if state["state"] == nil {
			state["state"] = json.RawMessage("{}")
			put(widgets, widgetState, state)
			put(metadata, "widgets", widgets)
			put(fields, "metadata", metadata)
		}
	}
	used := map[string]bool{}
	for i, cell := range cells {
		repairCell(cell)
		if minor < withIDs {
			delete(cell, "id")
			continue
		}
		var id string
		if json.Unmarshal(cell["id"], &id) != nil || !validID.MatchString(id) || used[id] {
			for n := i + 1; id == "" || used[id] || !validID.MatchString(id); n += len(cells) {
				id = fmt.Sprintf("cell-%d", n)
			}
			cell["id"] = json.RawMessage(`"` + id + `"`)
		}
		used[id] = true
	}
}

// repairLanguage gives kernelspec and language_info the names that they have to have.
func repairLanguage(fields, metadata map[string]json.RawMessage) {
	if inner(fields["metadata"]) == nil {
		return // what reads it says what is wrong
	}
	for _, name := range []string{"kernelspec", "language_info"} {
		described := inner(metadata[name])
		if described == nil || isNull(described["name"]) {
			delete(metadata, name)
			continue
		}
		if name == "kernelspec" && isNull(described["display_name"]) {
			described["display_name"] = described["name"]
			put(metadata, name, described)
		}
	}
	put(fields, "metadata", metadata)
}

func repairCell(cell map[string]json.RawMessage) {
	metadata := object(cell, "metadata")
	if inner(cell["metadata"]) == nil {
		return // parsing it says what is wrong
	}
	if jupyter := inner(metadata["jupyter"]); jupyter != nil {
		for _, name := range []string{"outputs_hidden", "source_hidden"} {
			if isNull(jupyter[name]) {
				delete(jupyter, name)
			}
		}
		put(metadata, "jupyter", jupyter)
	}
	for _, name := range slices.Collect(maps.Keys(metadata)) {
		if isNull(metadata[name]) {
			delete(metadata, name)
		}
	}
	put(cell, "metadata", metadata)
	if isNull(cell["source"]) {
		cell["source"] = json.RawMessage(`""`)
	}
	var kind string
	if json.Unmarshal(cell["cell_type"], &kind) != nil || kind != "code" {
		delete(cell, "outputs")
		delete(cell, "execution_count")
		return
	}
	if cell["execution_count"] == nil {
		cell["execution_count"] = json.RawMessage("null")
	}
	var outputs []map[string]json.RawMessage
	if isNull(cell["outputs"]) {
		outputs = []map[string]json.RawMessage{}
	} else if json.Unmarshal(cell["outputs"], &outputs) != nil {
		return // parsing it says what is wrong
	}
	for _, output := range outputs {
		repairOutput(output)
	}
	put(cell, "outputs", outputs)
}

// repairOutput gives an output what its type has to have.
func repairOutput(output map[string]json.RawMessage) {
	var kind string
	_ = json.Unmarshal(output["output_type"], &kind) // parsing it says what is wrong
	delete(output, "transient")
	switch kind {
	case "display_data", "execute_result":
		for _, name := range []string{"data", "metadata"} {
			if isNull(output[name]) {
				output[name] = json.RawMessage("{}")
			}
		}
		if kind == "execute_result" && output["execution_count"] == nil {
			output["execution_count"] = json.RawMessage("null")
		}
	case "error":
		if isNull(output["traceback"]) {
			output["traceback"] = json.RawMessage("[]")
		}
	}
}

func isNull(raw json.RawMessage) bool { return raw == nil || string(raw) == "null" }

// inner is an object; nil for anything else.
func inner(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields
}

// object is the object of that name. Where there is none, or null, it is added.
func object(fields map[string]json.RawMessage, name string) map[string]json.RawMessage {
	found := inner(fields[name])
	if found == nil {
		found = map[string]json.RawMessage{}
		if isNull(fields[name]) {
			fields[name] = json.RawMessage("{}")
		}
	}
	return found
}

// put replaces a field, where its value can be encoded: it was decoded just before.
func put(fields map[string]json.RawMessage, name string, value any) {
	if raw, err := marshal(value); err == nil {
		fields[name] = raw
	}
}
