package gopls

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
)

// An Item is a text that may stand between Start and the place that was asked about.
type Item struct {
	Text   string
	Kind   string // such as function or module, by the names of JupyterLab's icons
	Detail string // its type or signature
	Start  Position
}

// kinds are the names of CompletionItemKind of the protocol.
var kinds = map[int]string{
	2: "method", 3: "function", 4: "function", 5: "field", 6: "instance", 7: "class", 8: "interface", 9: "module",
	10: "property", 12: "value", 13: "enum", 14: "keyword", 21: "constant", 22: "struct", 25: "type",
}

// completionItem is CompletionItem of the protocol.
type completionItem struct {
	Kind     int
	Detail   string
	SortText string
	TextEdit *struct {
		NewText string
		Range   struct{ Start, End Position }
	}
}

// maxItems bounds the items of an answer; gopls puts the likeliest first.
const maxItems = 200

// Complete lists what could stand at a place of a text, the likeliest first.
func (s *Server) Complete(ctx context.Context, text string, at Position) ([]Item, error) {
	var list struct{ Items []completionItem }
	if err := s.ask(ctx, "textDocument/completion", text, at, &list); err != nil {
		return nil, err
	}
	slices.SortStableFunc(list.Items, func(a, b completionItem) int { return cmp.Compare(a.SortText, b.SortText) })
	var items []Item
	for _, item := range list.Items {
		if item.TextEdit == nil || item.TextEdit.Range.Start.Line != at.Line {
			continue
		}
		items = append(items, Item{
			Text: item.TextEdit.NewText, Kind: kinds[item.Kind], Detail: item.Detail, Start: item.TextEdit.Range.Start,
		})
		if len(items) == maxItems {
			break
		}
	}
	return items, nil
}

// Hover explains what is at a place of a text, as Markdown; it is empty where nothing is known.
func (s *Server) Hover(ctx context.Context, text string, at Position) (string, error) {
	var hover struct {
		Contents json.RawMessage
	}
	if err := s.ask(ctx, "textDocument/hover", text, at, &hover); err != nil {
		return "", err
	}
	if len(hover.Contents) == 0 {
		return "", nil
	}
	var markup struct{ Value string }
	if err := json.Unmarshal(hover.Contents, &markup); err != nil {
		return "", err
	}
	return markup.Value, nil
}
