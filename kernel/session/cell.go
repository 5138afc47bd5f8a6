package session

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/session/overflow"
	"github.com/headstart-nb/headstart/kernel/session/rate"
	"github.com/headstart-nb/headstart/kernel/session/replay"
	"github.com/headstart-nb/headstart/kernel/session/updates"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// ErrCellEnded is returned for output of a cell that has ended.
var ErrCellEnded = errors.New("the cell has ended, its output is dropped")

// streamFlush is the size, in bytes, at which collected text is sent without waiting for more.
const streamFlush = 16 << 10

// A cell is the IO of one request: its output belongs to that request alone, and ends with it.
//
// Text is collected for some milliseconds, so that a loop of prints does not become a flood of messages.
type cell struct {
	session *Session
	request *request
	content wire.ExecuteRequest
	count   int

	mu    sync.Mutex
	ended bool
	name  string    // of the stream that text belongs to
	text  []byte    // not sent yet
	held  rate.Held // text that the rate holds back
	timer *time.Timer
	more  overflow.Text
	again *replay.Record // nil where the client draws updates; guarded by mu
	turn  turn

	updateInterval time.Duration // the least time between two updates of a display, where it is not the session's
}

func (s *Session) newCell(r *request, content wire.ExecuteRequest, count int) *cell {
	again := replay.New(s.clientOf(r, content))
	return &cell{
		session: s, request: r, content: content, count: count, more: overflow.Text{Folder: s.RuntimeDir},
		again: again, updateInterval: again.UpdateInterval(),
	}
}

// ExecutionCount is the cell's number.
func (c *cell) ExecutionCount() int { return c.count }

// CellText implements CellText.
func (c *cell) CellText() string { return c.content.Code }

// Stream implements IO.
func (c *cell) Stream(name, text string) error {
	return c.stream(name, []byte(text))
}

func (c *cell) stream(name string, text []byte) error {
	c.throttle(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return ErrCellEnded
	}
	if c.name != name {
		if err := c.flush(true); err != nil {
			return err
		}
		c.name = name
	}
	c.text = append(c.text, text...)
	if len(c.text) >= streamFlush {
		return c.flush(false)
	}
	c.flushIn(c.session.patience.stream)
	return nil
}

// flushIn sends the text after a time, unless it is sent before. Called with mu held.
func (c *cell) flushIn(wait time.Duration) {
	if c.timer == nil {
		c.timer = time.AfterFunc(wait, c.flushLater)
	}
}

func (c *cell) flushLater() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = nil
	if c.ended {
		return
	}
	if err := c.flush(false); err != nil {
		c.session.Log.Error("output could not be sent", "error", err)
	}
}

// flush sends the collected text, as far as the rate allows. A character of which only the first bytes have come stays behind,
// unless it is the end. Called with mu held.
func (c *cell) flush(end bool) error {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	keep := 0
	if !end {
		keep = rate.CutRune(c.text)
	}
	text := string(c.text[:len(c.text)-keep])
	c.text = append(c.text[:0], c.text[len(c.text)-keep:]...)
	if text = c.more.Take(text); text != "" {
		c.held.Add(c.name, text)
	}
	return c.sendHeld()
}

// throttle waits until the clients have caught up, or ctx ends. The transport disconnects those that never do.
func (c *cell) throttle(ctx context.Context) {
	_ = c.session.Transport.Wait(ctx) // it has a limit of its own, and output is not lost by an error
}

// output sends a message in its order among the text.
func (c *cell) output(ctx context.Context, msgType string, content any) error {
	c.throttle(ctx)
	c.pace(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.flushAll(ctx); err != nil {
		return err
	}
	shown := true
	switch content := content.(type) {
	case wire.DisplayData:
		shown = c.more.Output(plain(content.Data))
	case wire.ExecuteResult:
		shown = c.more.Output(plain(content.Data))
	case wire.ClearOutput:
		c.more.Clear()
	}
	if !shown {
		return nil
	}
	return c.publish(msgType, content)
}

// plain is the text of a bundle.
func plain(data map[string]any) string {
	text, _ := data["text/plain"].(string)
	return text
}

// publish leaves out what a silent request may not show.
func (c *cell) publish(msgType string, content any) error {
	if c.content.Silent {
		return nil
	}
	if c.ended {
		return c.sendAll([]replay.Message{{Type: msgType, Content: content}})
	}
	return c.sendAll(c.again.Take(msgType, content))
}

func (c *cell) sendAll(outputs []replay.Message) error {
	for _, o := range outputs {
		m, err := wire.NewMessage(c.session.id, o.Type, o.Content)
		if err != nil {
			return err
		}
		c.session.rate.Count(time.Now(), kindOf(o.Type), len(m.Content))
		if err := c.session.publishMessage(c.request, m); err != nil {
			return err
		}
	}
	return nil
}

// Display implements IO.
func (c *cell) Display(data wire.DisplayData) error { return c.display(context.Background(), data) }

func (c *cell) display(ctx context.Context, data wire.DisplayData) error {
	if id := data.Transient.DisplayID; id != "" { // an older update must not follow
		c.session.updates.Flush(func(waiting string, _ updates.Sender) bool { return waiting == id })
	}
	return c.output(ctx, "display_data", whole(data))
}

// Update implements IO. It goes on after the cell's end: what the cell shows may be work in the background that still
// changes, and an update is drawn in place, wherever its display is.
func (c *cell) Update(data wire.DisplayData) error { return c.session.updates.Put(c, data) }

// UpdateInterval implements updates.Sender.
func (c *cell) UpdateInterval() time.Duration { return c.updateInterval }

// UpdateWait implements updates.Sender.
func (c *cell) UpdateWait() time.Duration { return c.session.roomWait(rate.Rich) }

// SendUpdate implements updates.Sender: it is Update without its limit.
func (c *cell) SendUpdate(data wire.DisplayData) error {
	c.throttle(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		if err := c.flush(true); err != nil {
			return err
		}
	}
	return c.publish("update_display_data", whole(data))
}

// whole replaces the maps that the protocol demands and that are missing.
func whole(data wire.DisplayData) wire.DisplayData {
	if data.Data == nil {
		data.Data = map[string]any{}
	}
	if data.Metadata == nil {
		data.Metadata = map[string]any{}
	}
	return data
}

// Result implements IO.
func (c *cell) Result(result wire.ExecuteResult) error {
	filled := whole(wire.DisplayData{Data: result.Data, Metadata: result.Metadata})
	result.Data, result.Metadata, result.ExecutionCount = filled.Data, filled.Metadata, c.count
	return c.output(context.Background(), "execute_result", result)
}

// Clear implements IO.
func (c *cell) Clear(wait bool) error {
	return c.output(context.Background(), "clear_output", wire.ClearOutput{Wait: wait})
}

// Comm implements IO.
func (c *cell) Comm(comm Comm) error {
	m, err := c.session.commToClient(comm)
	if err != nil {
		return err
	}
	c.throttle(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.flushAll(context.Background()); err != nil {
		return err
	}
	return c.session.publishMessage(c.request, m)
}

// Ask implements IO.
func (c *cell) Ask(ctx context.Context, prompt string, secret bool) (string, error) {
	if !c.content.AllowStdin {
		return "", errors.New("ask the user: the front end that runs this cell allows no input; put the answer into the cell itself")
	}
	c.mu.Lock()
	err := c.flushAll(ctx)
	c.mu.Unlock()
	if err != nil {
		return "", err
	}
	return c.session.ask(ctx, c.request, prompt, secret)
}

// end sends what is left. Only updates can follow it.
func (c *cell) end() {
	c.session.updates.Flush(func(_ string, of updates.Sender) bool { return of == c })
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.flushAll(context.Background()); err != nil {
		c.session.Log.Error("output could not be sent", "error", err)
	}
	if text := c.more.End(); text != "" {
		if err := c.publish("stream", wire.Stream{Name: cmp.Or(c.name, "stdout"), Text: text}); err != nil {
			c.session.Log.Error("output could not be sent", "error", err)
		}
	}
	c.ended = true
	if err := c.sendAll(c.again.Rest()); err != nil {
		c.session.Log.Error("output could not be sent again", "error", err)
	}
	c.again = nil
}
