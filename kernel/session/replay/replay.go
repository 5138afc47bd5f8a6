// Package replay makes the output of a cell end right where a server runs it and keeps the notebook itself.
package replay

import (
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// maxReplay bounds what a cell keeps to send it once more, in bytes.
const maxReplay = 32 << 20

// redrawInterval is the least time between two updates where each sends the whole output of a cell: the server keeps, saves
// and distributes it every time.
const redrawInterval = 2 * time.Second

// A Client is what the program that runs a cell makes of its output. Front ends draw updates of displays in their place. A server
// that runs cells and keeps the notebook itself does not: a notebook would keep the first figure of a training, or all of them.
type Client int

const (
	// DrawsUpdates is what the protocol asks for.
	DrawsUpdates Client = iota
	// IgnoresUpdates is jupyter-server-nbmodel 0.2: a cell whose displays have changed clears its output at its end, and sends
	// it once more, as it is then.
	IgnoresUpdates
	// AppendsUpdates is jupyter-server-documents 0.3: in the place of an update the cell clears its output and sends all of it.
	AppendsUpdates
	// IgnoresClears is the tool execute_code of jupyter-mcp-server 2: it ignores updates too. Displays that can change, and what
	// follows them, are sent at the end of the cell, which this client waits for anyway.
	IgnoresClears
)

// A Record makes the output of a cell end right, whatever its client makes of it. It is nil for a client that draws updates.
type Record struct {
	client  Client
	outputs []Message
	bytes   int
	changed bool // since all of it was sent
	held    int  // how many of the outputs, the last ones, wait for the end
}

// A Message is one that a cell has sent.
type Message struct {
	Type    string
	Content any
}

// New returns a record for a client; none where the client draws updates.
func New(client Client) *Record {
	if client == DrawsUpdates {
		return nil
	}
	return &Record{client: client}
}

// UpdateInterval is the least time between two updates of a display; zero where updates are no dearer than others.
func (p *Record) UpdateInterval() time.Duration {
	if p != nil && p.client == AppendsUpdates {
		return redrawInterval
	}
	return 0
}

// Take keeps a message of the cell, and returns what is to be sent for it.
func (p *Record) Take(msgType string, content any) []Message {
	if p == nil || p.client == DrawsUpdates {
		return []Message{{msgType, content}}
	}
	send := p.keep(msgType, content)
	if p.bytes <= maxReplay {
		return send
	}
	send = append(p.waiting(), send...)
	*p = Record{} // there is too much to keep: from here on as for a client that draws updates
	return send
}

func (p *Record) keep(msgType string, content any) []Message {
	message := []Message{{msgType, content}}
	switch sent := content.(type) {
	case wire.Stream:
		p.bytes += len(sent.Text)
		if p.extend(sent) {
			break
		}
		p.add(msgType, content)
	case wire.DisplayData:
		if msgType == "update_display_data" {
			return p.update(sent)
		}
		p.bytes += size(sent.Data)
		if p.client == IgnoresClears && sent.Transient.DisplayID != "" && p.held == 0 {
			p.held = 1
			p.outputs = append(p.outputs, Message{msgType, content})
			break
		}
		p.add(msgType, content)
	case wire.ExecuteResult:
		p.bytes += size(sent.Data)
		p.add(msgType, content)
	case wire.ClearOutput:
		*p = Record{client: p.client}
		return message
	default: // a client shows the others elsewhere
		return message
	}
	if p.held > 0 {
		return nil
	}
	return message
}

func (p *Record) add(msgType string, content any) {
	p.outputs = append(p.outputs, Message{msgType, content})
	if p.held > 0 {
		p.held++
	}
}

// extend adds text to the last output, where that is text of the same stream that can still be changed.
func (p *Record) extend(sent wire.Stream) bool {
	last := len(p.outputs) - 1
	if last < 0 {
		return false
	}
	before, ok := p.outputs[last].Content.(wire.Stream)
	if !ok || before.Name != sent.Name {
		return false
	}
	before.Text += sent.Text
	p.outputs[last].Content = before
	return true
}

// update changes a display of the cell. One of another cell goes to the client as it is.
func (p *Record) update(data wire.DisplayData) []Message {
	known := false
	for i, o := range p.outputs {
		if shown, ok := o.Content.(wire.DisplayData); ok && shown.Transient.DisplayID == data.Transient.DisplayID {
			p.bytes += size(data.Data) - size(shown.Data)
			p.outputs[i].Content, known = data, true
		}
	}
	if !known {
		return []Message{{"update_display_data", data}}
	}
	switch p.client {
	case AppendsUpdates:
		return p.all()
	case IgnoresClears:
		return nil
	}
	p.changed = true
	return []Message{{"update_display_data", data}}
}

// all replaces what the client shows of the cell.
func (p *Record) all() []Message {
	p.changed = false
	return append([]Message{{"clear_output", wire.ClearOutput{Wait: true}}}, p.outputs...)
}

// waiting are the outputs that have not been sent.
func (p *Record) waiting() []Message {
	held := p.outputs[len(p.outputs)-p.held:]
	p.held = 0
	return held
}

// Rest is what the cell sends at its end.
func (p *Record) Rest() []Message {
	switch {
	case p == nil:
		return nil
	case p.changed:
		return p.all()
	}
	return p.waiting()
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
