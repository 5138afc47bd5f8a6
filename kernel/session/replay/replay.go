// Package replay sends the output of a cell once more at its end, for servers that ignore updates of displays.
package replay

import "github.com/headstart-nb/headstart/kernel/wire"

// maxReplay bounds what a cell keeps to send it once more, in bytes.
const maxReplay = 32 << 20

// A Record makes the output of a cell end right where a server executes it and keeps the notebook itself: such servers ignore
// or append updates of displays, so that a notebook kept the first figure of a training. At its end a cell whose displays
// have changed clears its output and sends all of it once more, as it is then.
//
// Nothing of it happens for a front end that draws updates in place.
type Record struct {
	outputs []Message
	bytes   int
	changed bool
	full    bool // there is too much to send again
}

// A Message is one that a cell has sent.
type Message struct {
	Type    string
	Content any
}

// Note keeps a message that was sent.
func (p *Record) Note(msgType string, content any) {
	if p == nil || p.full {
		return
	}
	switch sent := content.(type) {
	case wire.Stream:
		p.bytes += len(sent.Text)
		if last := len(p.outputs) - 1; last >= 0 {
			if before, ok := p.outputs[last].Content.(wire.Stream); ok && before.Name == sent.Name {
				before.Text += sent.Text
				p.outputs[last].Content = before
				break
			}
		}
		p.outputs = append(p.outputs, Message{msgType, content})
	case wire.DisplayData:
		if msgType == "update_display_data" {
			p.update(sent)
			break
		}
		p.bytes += size(sent.Data)
		p.outputs = append(p.outputs, Message{msgType, content})
	case wire.ExecuteResult:
		p.bytes += size(sent.Data)
		p.outputs = append(p.outputs, Message{msgType, content})
	case wire.ClearOutput:
		*p = Record{}
	}
	if p.bytes > maxReplay {
		*p = Record{full: true}
	}
}

func (p *Record) update(data wire.DisplayData) {
	for i, o := range p.outputs {
		if shown, ok := o.Content.(wire.DisplayData); ok && shown.Transient.DisplayID == data.Transient.DisplayID {
			p.bytes += size(data.Data) - size(shown.Data)
			p.outputs[i].Content, p.changed = data, true
		}
	}
}

// size is about that of a bundle in bytes.
func size(data map[string]any) int {
	total := 0
	for _, value := range data {
		switch v := value.(type) {
		case string:
			total += len(v)
		case []byte:
			total += len(v)
		default:
			if encoded, err := wire.Marshal(v); err == nil {
				total += len(encoded)
			}
		}
	}
	return total
}

// Messages are what the cell sends at its end.
func (p *Record) Messages() []Message {
	if p == nil || !p.changed {
		return nil
	}
	return append([]Message{{"clear_output", wire.ClearOutput{Wait: true}}}, p.outputs...)
}
