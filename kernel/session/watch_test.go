package session_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/session/comms"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// told is a magic that tells numbers, one each time, and then ends as its function says.
type told struct {
	magic
	every time.Duration
	count int
	end   func(ctx context.Context) error
	ended chan struct{} // one for each watch that ended
}

func (t told) Watch(ctx context.Context, tell func(json.RawMessage) error) error {
	defer func() { t.ended <- struct{}{} }()
	for i := range t.count {
		if err := tell(json.RawMessage(fmt.Sprintf(`{"n":%d}`, i))); err != nil {
			return err
		}
		select {
		case <-time.After(t.every):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return t.end(ctx)
}

func newTold(name string, every time.Duration, count int, end func(context.Context) error) told {
	return told{magic{name, nil}, every, count, end, make(chan struct{}, 10)}
}

func untilDone(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// A transcript is a conversation about watches.
type transcript struct {
	bytes.Buffer
	k *kerneltest.Kernel
}

func startWatching(t *testing.T, list ...magics.Magic) *transcript {
	memory := int64(1 << 20)
	k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) {
		c.Usage = func() wire.UsageReply {
			memory += 1 << 20
			now := memory
			return wire.UsageReply{Status: "ok", Hostname: "host", PID: 1, Memory: &now, CPUCount: 2}
		}
	}, append(testMagics(), list...)...)
	x := &transcript{k: k}
	x.ask("comm_open", `{"comm_id":"m","target_name":"headstart.magic","data":{}}`)
	return x
}

func (x *transcript) note(m kerneltest.Message) {
	parent, err := m.ParentHeader()
	if err != nil || parent.MsgID == "" {
		fmt.Fprint(&x.Buffer, "  no parent: ")
	}
	fmt.Fprintf(&x.Buffer, "< %s %s %s\n", m.Channel, m.Header.MsgType, m.Content)
}

func (x *transcript) ask(msgType, content string) {
	fmt.Fprintf(&x.Buffer, "> %s %s\n", msgType, content)
	for _, m := range x.k.Ask(wire.Shell, msgType, json.RawMessage(content)) {
		x.note(m)
	}
}

func (x *transcript) watch(magic string, begin bool) {
	x.ask("comm_msg", fmt.Sprintf(`{"comm_id":"m","data":{"id":"1","magic":%q,"watch":%t}}`, magic, begin))
}

// hear takes the next messages.
func (x *transcript) hear(n int) {
	for range n {
		x.note(x.k.Next())
	}
}

// silent fails where the kernel sends something within a time.
func (x *transcript) silent(t *testing.T, within time.Duration) {
	t.Helper()
	before := x.k.Transport.Count()
	time.Sleep(within)
	synctest.Wait()
	if after := x.k.Transport.Count(); after != before {
		t.Errorf("%d messages were sent within %v", after-before, within)
	}
}

// What is watched comes without requests, without a parent, and without a state of the kernel.
func TestNewsComeUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := newTold("runs", time.Second, 1000, untilDone)
		x := startWatching(t, runs, newTold("short", 0, 1, func(context.Context) error { return errors.New("the plugin has ended") }),
			newTold("wrong", 0, 0, func(context.Context) error { panic("a bug") }))
		x.watch("runs", true)
		x.hear(3)
		x.watch("runs", false)
		<-runs.ended
		x.silent(t, time.Minute)
		x.watch("short", true)
		x.hear(2)
		x.watch("wrong", true)
		x.hear(1)
		x.watch("echo", true)
		x.watch("nosuch", true)
		x.watch(comms.UsageSubject, true)
		x.hear(1)
		compare(t, filepath.Join("testdata", "watch.golden"), stable(x.String()))
	})
}

// Whoever closes the comm, or says nothing for long, costs nothing; whoever asks again goes on, once.
func TestAWatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := newTold("runs", time.Hour, 1000, untilDone)
		x := startWatching(t, runs)
		x.watch("runs", true)
		x.hear(1)
		time.Sleep(comms.Lease / 2)
		x.watch("runs", true) // again: it begins anew
		<-runs.ended
		x.hear(1)
		x.silent(t, comms.Lease-time.Second)
		time.Sleep(2 * time.Second)
		<-runs.ended
		x.Reset()
		x.hear(1)
		if want := `{"magic":"runs","ended":"the watch was not renewed"}`; !strings.Contains(x.String(), want) {
			t.Errorf("got %s, want %s", x, want)
		}
		x.watch("runs", true)
		x.hear(1)
		x.ask("comm_close", `{"comm_id":"m","data":{}}`)
		<-runs.ended
		x.silent(t, 2*comms.Lease)
		x.Reset()
		x.watch("runs", true)
		if !strings.Contains(x.String(), `comm_close {"comm_id":"m"`) {
			t.Errorf("a comm that is closed: %s", x)
		}
	})
}

// A magic that tells without a pause waits, and does not flood the front end.
func TestNewsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := startWatching(t, newTold("fast", 0, 1_000_000, untilDone))
		x.watch("fast", true)
		before := x.k.Transport.Count()
		time.Sleep(10 * time.Second)
		if sent := x.k.Transport.Count() - before; sent < 50 || sent > 110 {
			t.Errorf("%d messages in ten seconds", sent)
		}
	})
}

// While nothing runs the memory is measured rarely.
func TestTheMemoryIsToldRarelyWhileNothingRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := startWatching(t)
		x.watch(comms.UsageSubject, true)
		x.hear(1)
		before := x.k.Transport.Count()
		time.Sleep(5 * time.Minute)
		if sent := x.k.Transport.Count() - before; sent == 0 || sent > 11 {
			t.Errorf("%d messages in five minutes without a cell", sent)
		}
		cell := x.k.Send(wire.Shell, "execute_request", kerneltest.Cell("wait"))
		before = x.k.Transport.Count()
		time.Sleep(30 * time.Second)
		if sent := x.k.Transport.Count() - before; sent < 8 {
			t.Errorf("%d messages in 30 s of a cell", sent)
		}
		x.k.Session.Interrupt()
		x.k.Until(cell)
	})
}

func TestWatchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []magics.Magic
		for i := range 257 {
			list = append(list, newTold(fmt.Sprint("w", i), time.Hour, 1, untilDone))
		}
		x := startWatching(t, list...)
		for i := range list {
			x.Reset()
			x.watch(fmt.Sprint("w", i), true)
		}
		if !strings.Contains(x.String(), `"error":"watch w256: 256 are watched already`) {
			t.Errorf("the last answer is %s", x)
		}
	})
}
