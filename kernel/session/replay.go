package session

import (
	"regexp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// jupyterClient is the form of the message ids of Python's jupyter_client: session, process and number. Front ends in a
// browser have others.
var jupyterClient = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]+_\d+_\d+$`)

// maxReplay bounds what a cell keeps to send it once more, in bytes.
const maxReplay = 32 << 20

// replay makes the output of a cell end right where a server executes it and keeps the notebook itself: such servers ignore
// or append updates of displays, so that a notebook kept the first figure of a training. At its end a cell whose displays
// have changed clears its output and sends all of it once more, as it is then.
//
// Nothing of it happens for a front end that draws updates in place.
type replay struct {
	outputs []output
	bytes   int
	changed bool
	full    bool // there is too much to send again
}

// output is one message of a cell.
type output struct {
	msgType string
	content any
}

// replayOf decides for one request: Config.Serverside says that a Jupyter server has started the kernel, and a server sends
// with jupyter_client.
func (s *Session) replayOf(r *request) *replay {
	if !s.Serverside || !jupyterClient.MatchString(r.Header.MsgID) {
		return nil
	}
	return &replay{}
}

// note keeps a message that was sent.
func (p *replay) note(msgType string, content any) {
	if p == nil || p.full {
		return
	}
	switch sent := content.(type) {
	case wire.Stream:
		p.bytes += len(sent.Text)
		if last := len(p.outputs) - 1; last >= 0 {
			if before, ok := p.outputs[last].content.(wire.Stream); ok && before.Name == sent.Name {
				before.Text += sent.Text
				p.outputs[last].content = before
				break
			}
		}
		p.outputs = append(p.outputs, output{msgType, content})
	case wire.DisplayData:
		if msgType == "update_display_data" {
			p.update(sent)
			break
		}
		p.bytes += size(sent.Data)
		p.outputs = append(p.outputs, output{msgType, content})
	case wire.ExecuteResult:
		p.bytes += size(sent.Data)
		p.outputs = append(p.outputs, output{msgType, content})
	case wire.ClearOutput:
		*p = replay{}
	}
	if p.bytes > maxReplay {
		*p = replay{full: true}
	}
}

func (p *replay) update(data wire.DisplayData) {
	for i, o := range p.outputs {
		if shown, ok := o.content.(wire.DisplayData); ok && shown.Transient.DisplayID == data.Transient.DisplayID {
			p.bytes += size(data.Data) - size(shown.Data)
			p.outputs[i].content, p.changed = data, true
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

// messages are what the cell sends at its end.
func (p *replay) messages() []output {
	if p == nil || !p.changed {
		return nil
	}
	return append([]output{{"clear_output", wire.ClearOutput{Wait: true}}}, p.outputs...)
}
