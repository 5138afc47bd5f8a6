package session_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// bars change two displays many times, as progress bars do, and one of them also after their cell's end.
func bars(count int, release <-chan struct{}, done chan<- struct{}) magics.Magic {
	return magic{"bars", func(ctx context.Context, _ magics.Call, host magics.Host) error {
		first, err := host.Show(ctx, display.Text("first 0"))
		if err != nil {
			return err
		}
		second, err := host.Show(ctx, display.Text("second 0"))
		if err != nil {
			return err
		}
		for i := range count {
			if err := host.Update(ctx, first, display.Text(fmt.Sprint("first ", i+1))); err != nil {
				return err
			}
			if err := host.Update(ctx, second, display.Text(fmt.Sprint("second ", i+1))); err != nil {
				return err
			}
		}
		go func() {
			defer close(done)
			<-release
			for i := range count {
				_ = host.Update(context.WithoutCancel(ctx), first, display.Text(fmt.Sprint("later ", i+1)))
			}
		}()
		return nil
	}}
}

// updates are the texts of the updates among messages.
func updates(t *testing.T, k *kerneltest.Kernel, messages []kerneltest.Message) []string {
	t.Helper()
	var texts []string
	for _, m := range messages {
		if m.Header.MsgType != "update_display_data" {
			continue
		}
		var data wire.DisplayData
		k.Decode(m, &data)
		texts = append(texts, data.Data[display.MIMEText].(string))
	}
	return texts
}

func TestUpdatesAreLimitedAndTheLastArrives(t *testing.T) {
	const count = 1000
	release, done := make(chan struct{}), make(chan struct{})
	k := kerneltest.Start(t, nil, bars(count, release, done))
	k.Session.HoldUpdates()
	got := updates(t, k, k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%bars")))
	want := []string{"first 1", "second 1", "first 1000", "second 1000"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("before the cell's end: %s", diff)
	}
}

func TestUpdatesGoOnAfterTheCell(t *testing.T) {
	const count = 1000
	release, done := make(chan struct{}), make(chan struct{})
	k := kerneltest.Start(t, nil, bars(count, release, done))
	if reply, _ := k.Run("%bars"); reply.Status != wire.StatusOK {
		t.Fatalf("%+v", reply)
	}
	begin := time.Now()
	close(release)
	var got []string
	for len(got) == 0 || got[len(got)-1] != "later 1000" {
		got = append(got, updates(t, k, []kerneltest.Message{k.Next()})...)
	}
	<-done
	if most := int(time.Since(begin)/(50*time.Millisecond)) + 2; len(got) > most {
		t.Errorf("%d updates in %v", len(got), time.Since(begin))
	}
}

// late is a transport whose client has caught up at a time.
type late struct {
	session.Transport
	at *atomic.Int64
}

func (l late) Wait(context.Context) error {
	time.Sleep(time.Until(time.Unix(0, l.at.Load())))
	return nil
}

// Nothing draws an update that comes after the cell's idle: a notebook would keep the figure before it.
func TestTheLastUpdateArrivesBeforeIdleHoweverLateTheClientIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at atomic.Int64
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Transport = late{c.Transport, &at} },
			magic{"figure", func(ctx context.Context, _ magics.Call, host magics.Host) error {
				id, err := host.Show(ctx, display.Text("0"))
				for i := 1; i <= 2 && err == nil; i++ {
					err = host.Update(ctx, id, display.Text(fmt.Sprint(i)))
				}
				at.Store(time.Now().Add(time.Second).UnixNano())
				time.Sleep(60 * time.Millisecond) // the interval has ended, and the second update waits for the client
				return err
			}})
		got := updates(t, k, k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%figure")))
		if diff := cmp.Diff([]string{"1", "2"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestADisplayIsNotFollowedByAnOlderUpdate(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Session.HoldUpdates()
	var got []string
	for _, m := range k.Ask(wire.Shell, "execute_request", kerneltest.Cell("redisplay")) {
		if m.Channel == wire.IOPub && (m.Header.MsgType == "display_data" || m.Header.MsgType == "update_display_data") {
			var data wire.DisplayData
			k.Decode(m, &data)
			got = append(got, m.Header.MsgType+" "+data.Data[display.MIMEText].(string))
		}
	}
	want := []string{"display_data 1", "update_display_data 2", "update_display_data 3", "display_data 4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
