package session

import (
	"regexp"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// jupyterClient is the form of the message ids of Python's jupyter_client: session, process and number. Front ends in a
// browser have others.
var jupyterClient = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]+_\d+_\d+$`)

// maxReplay bounds what a cell keeps to send it once more, in bytes.
const maxReplay = 32 << 20

// redrawInterval is the least time between two updates where each sends the whole output of a cell: the server keeps, saves
// and distributes it every time.
const redrawInterval = 2 * time.Second

// client is what the program that runs a cell makes of its output. Front ends draw updates of displays in their place. A server
// that runs cells and keeps the notebook itself does not: a notebook would keep the first figure of a training, or all of them.
type client int

const (
	// drawsUpdates is what the protocol asks for.
	drawsUpdates client = iota
	// ignoresUpdates is jupyter-server-nbmodel 0.2: a cell whose displays have changed clears its output at its end, and sends
	// it once more, as it is then.
	ignoresUpdates
	// appendsUpdates is jupyter-server-documents 0.3: in the place of an update the cell clears its output and sends all of it.
	appendsUpdates
	// ignoresClears is the tool execute_code of jupyter-mcp-server 2: it ignores updates too. Displays that can change, and what
	// follows them, are sent at the end of the cell, which this client waits for anyway.
	ignoresClears
)

// clientOf judges the client by its request. Config.Serverside says that a Jupyter server has started the kernel; a server
// sends with jupyter_client, and none of these says who it is.
func (s *Session) clientOf(r *request, content wire.ExecuteRequest) client {
	switch {
	case !s.Serverside || !jupyterClient.MatchString(r.Header.MsgID):
		return drawsUpdates
	case content.AllowStdin: // by nbmodel, which passes questions on to the browser
		return ignoresUpdates
	case content.StopOnError:
		return appendsUpdates
	}
	return ignoresClears
}

// replay makes the output of a cell end right, whatever its client makes of it. It is nil for a client that draws updates.
type replay struct {
	client  client
	outputs []output
	bytes   int
	changed bool // since all of it was sent
	held    int  // how many of the outputs, the last ones, wait for the end
}

// output is one message of a cell.
type output struct {
	msgType string
	content any
}

func (s *Session) replayOf(r *request, content wire.ExecuteRequest) *replay {
	client := s.clientOf(r, content)
	if client == drawsUpdates {
		return nil
	}
	return &replay{client: client}
}

// updateInterval is the least time between two updates of a display; zero where updates are no dearer than others.
func (p *replay) updateInterval() time.Duration {
	if p != nil && p.client == appendsUpdates {
		return redrawInterval
	}
	return 0
}

// take keeps a message of the cell, and returns what is to be sent for it.
func (p *replay) take(msgType string, content any) []output {
	if p == nil || p.client == drawsUpdates {
		return []output{{msgType, content}}
	}
	send := p.keep(msgType, content)
	if p.bytes <= maxReplay {
		return send
	}
	send = append(p.waiting(), send...)
	*p = replay{} // there is too much to keep: from here on as for a client that draws updates
	return send
}

func (p *replay) keep(msgType string, content any) []output {
	message := []output{{msgType, content}}
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
		if p.client == ignoresClears && sent.Transient.DisplayID != "" && p.held == 0 {
			p.held = 1
			p.outputs = append(p.outputs, output{msgType, content})
			break
		}
		p.add(msgType, content)
	case wire.ExecuteResult:
		p.bytes += size(sent.Data)
		p.add(msgType, content)
	case wire.ClearOutput:
		*p = replay{client: p.client}
		return message
	default: // a client shows the others elsewhere
		return message
	}
	if p.held > 0 {
		return nil
	}
	return message
}

func (p *replay) add(msgType string, content any) {
	p.outputs = append(p.outputs, output{msgType, content})
	if p.held > 0 {
		p.held++
	}
}

// extend adds text to the last output, where that is text of the same stream that can still be changed.
func (p *replay) extend(sent wire.Stream) bool {
	last := len(p.outputs) - 1
	if last < 0 {
		return false
	}
	before, ok := p.outputs[last].content.(wire.Stream)
	if !ok || before.Name != sent.Name {
		return false
	}
	before.Text += sent.Text
	p.outputs[last].content = before
	return true
}

// update changes a display of the cell. One of another cell goes to the client as it is.
func (p *replay) update(data wire.DisplayData) []output {
	known := false
	for i, o := range p.outputs {
		if shown, ok := o.content.(wire.DisplayData); ok && shown.Transient.DisplayID == data.Transient.DisplayID {
			p.bytes += size(data.Data) - size(shown.Data)
			p.outputs[i].content, known = data, true
		}
	}
	if !known {
		return []output{{"update_display_data", data}}
	}
	switch p.client {
	case appendsUpdates:
		return p.all()
	case ignoresClears:
		return nil
	}
	p.changed = true
	return []output{{"update_display_data", data}}
}

// all replaces what the client shows of the cell.
func (p *replay) all() []output {
	p.changed = false
	return append([]output{{"clear_output", wire.ClearOutput{Wait: true}}}, p.outputs...)
}

// waiting are the outputs that have not been sent.
func (p *replay) waiting() []output {
	held := p.outputs[len(p.outputs)-p.held:]
	p.held = 0
	return held
}

// rest is what the cell sends at its end.
func (p *replay) rest() []output {
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
