package nbhelpers

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// patience is how long GoNB may take to open its ends of the pipes and to acknowledge an output.
const patience = 10 * time.Second

// surroundings are what the package reads from the process's environment.
type surroundings struct {
	toGoNB, fromGoNB string // paths of GoNB's named pipes; empty outside of GoNB
	in               *os.File
	out              *os.File
}

func environment() surroundings {
	return surroundings{
		toGoNB: os.Getenv(protocol.GONB_PIPE_ENV), fromGoNB: os.Getenv(protocol.GONB_PIPE_BACK_ENV),
		in: os.Stdin, out: os.Stdout,
	}
}

func open(s surroundings) output {
	if s.toGoNB == "" || s.fromGoNB == "" {
		info, err := s.out.Stat()
		return &terminal{in: s.in, out: standardOutput{}, interactive: err == nil && info.Mode()&os.ModeCharDevice != 0}
	}
	return &pipe{surroundings: s}
}

// standardOutput writes to what os.Stdout is at the time, as fmt.Println does: a program may redirect it.
type standardOutput struct{}

func (standardOutput) Write(data []byte) (int, error) { return os.Stdout.Write(data) }

// pipe speaks GoNB's protocol: gob messages into one named pipe, acknowledgements from another.
type pipe struct {
	surroundings

	mu      sync.Mutex
	failed  error // of an earlier message, after which the stream is unusable
	encoder *gob.Encoder
	acks    chan int // the numbers of acknowledged messages; closed at the end of the stream
	sent    int
}

func (p *pipe) show(b display.Bundle, id display.ID) error {
	data, err := gobData(b)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	data.DisplayID = string(id)
	if err := p.send(data); err != nil {
		return fmt.Errorf("show an output through GoNB: %w", err)
	}
	return nil
}

// send writes a message and waits until GoNB has it: what is still in the pipe when the program ends is lost.
func (p *pipe) send(data protocol.DisplayData) error {
	if p.failed != nil {
		return p.failed
	}
	if p.failed = p.connect(); p.failed != nil {
		return p.failed
	}
	if p.failed = p.encoder.Encode(data); p.failed != nil {
		return p.failed
	}
	p.sent++
	p.failed = p.encoder.Encode(protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMECommValue: protocol.CommValue{Address: protocol.GonbuiSyncAddress, Value: p.sent},
	}})
	if p.failed != nil {
		return p.failed
	}
	timeout := time.After(patience)
	for {
		select {
		case n, ok := <-p.acks:
			if !ok {
				p.failed = errors.New("it closed its pipe")
				return p.failed
			}
			if n == p.sent {
				return nil
			}
		case <-timeout:
			p.failed = fmt.Errorf("it did not answer within %v", patience)
			return p.failed
		}
	}
}

func (p *pipe) connect() error {
	if p.encoder != nil {
		return nil
	}
	// Opening a named pipe waits for the other end.
	type ends struct {
		to, from *os.File
		err      error
	}
	opened := make(chan ends, 1)
	go func() {
		var e ends
		if e.to, e.err = os.OpenFile(p.toGoNB, os.O_WRONLY, 0); e.err == nil {
			e.from, e.err = os.Open(p.fromGoNB)
		}
		opened <- e
	}()
	select {
	case e := <-opened:
		if e.err != nil {
			return e.err
		}
		gob.Register(map[string]any{})
		gob.Register([]any{})
		p.encoder, p.acks = gob.NewEncoder(e.to), make(chan int)
		go readAcks(e.from, p.acks)
		return nil
	case <-time.After(patience):
		return fmt.Errorf("it did not open its end of %s within %v", p.toGoNB, patience)
	}
}

func readAcks(from io.Reader, acks chan<- int) {
	defer close(acks)
	decoder := gob.NewDecoder(from)
	for {
		var value protocol.CommValue
		if decoder.Decode(&value) != nil {
			return
		}
		if n, ok := value.Value.(int); ok && value.Address == protocol.GonbuiSyncAckAddress {
			acks <- n
		}
	}
}

func (p *pipe) ask(prompt string, secret bool) (string, error) {
	p.mu.Lock()
	err := p.send(protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMEJupyterInput: protocol.InputRequest{Prompt: prompt, Password: secret},
	}})
	p.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("ask %q through GoNB: %w", prompt, err)
	}
	line, err := readLine(p.in)
	if err != nil {
		return "", fmt.Errorf("ask %q: %w", prompt, err)
	}
	return line, nil
}

// gobData is a bundle in the types that GoNB's decoder knows. Values of +json types go through JSON to become maps and
// slices. What is null in an object is left out, since gob has no such value; what is null in an array keeps its place.
func gobData(b display.Bundle) (protocol.DisplayData, error) {
	data := protocol.DisplayData{Data: map[protocol.MIMEType]any{}, Metadata: map[string]any{}}
	for mime, value := range b.Data {
		plain, err := gobValue(value)
		if err != nil {
			return data, fmt.Errorf("show %s: %w", mime, err)
		}
		data.Data[protocol.MIMEType(mime)] = plain
	}
	for key, value := range b.Metadata {
		plain, err := gobValue(value)
		if err != nil {
			return data, fmt.Errorf("show the metadata of %s: %w", key, err)
		}
		data.Metadata[key] = plain
	}
	return data, nil
}

func gobValue(value any) (any, error) {
	switch value.(type) {
	case string, []byte, int, float64, bool:
		return value, nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return nil, err
	}
	if plain = withoutNull(plain); plain == nil {
		return map[string]any{}, nil
	}
	return plain, nil
}

// null is a value that gob decodes as a nil slice, which GoNB writes as null: a chart's gap keeps its place in an array.
var null any = []any(nil)

func withoutNull(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			if item == nil {
				delete(v, key)
			} else {
				v[key] = withoutNull(item)
			}
		}
	case []any:
		for i, item := range v {
			if item == nil {
				v[i] = null
			} else {
				v[i] = withoutNull(item)
			}
		}
	}
	return value
}
