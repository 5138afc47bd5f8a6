package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/session/rate"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// prints is a magic that prints what its function says, on both streams.
func prints(name string, print func(out, err func(string))) magics.Magic {
	return magic{name, func(_ context.Context, _ magics.Call, host magics.Host) error {
		print(func(text string) { _, _ = host.Stdout().Write([]byte(text)) }, func(text string) { _, _ = host.Stderr().Write([]byte(text)) })
		return nil
	}}
}

// withinServer checks that Jupyter's server would drop none of these messages.
func withinServer(t *testing.T, messages []kerneltest.Message) {
	t.Helper()
	const mostMessages, mostText = 3000, 3_000_000
	var times []time.Time
	var sizes []int
	for _, m := range messages {
		if m.Channel != wire.IOPub {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, m.Header.Date)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		if m.Header.MsgType == "stream" {
			size = len(m.Content) + 500 // the other frames of the message
		}
		times, sizes = append(times, at), append(sizes, size)
	}
	first, text := 0, 0
	for i := range times {
		text += sizes[i]
		for ; times[i].Sub(times[first]) >= rate.Window; first++ {
			text -= sizes[first]
		}
		if i-first+1 > mostMessages || text > mostText {
			t.Fatalf("%d messages with %d bytes of text in a window of %v", i-first+1, text, rate.Window)
		}
	}
}

// streams are the texts that messages print, by stream.
func streams(t *testing.T, k *kerneltest.Kernel, messages []kerneltest.Message) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, m := range messages {
		if m.Header.MsgType == "stream" {
			var s wire.Stream
			k.Decode(m, &s)
			texts[s.Name] += s.Text
		}
	}
	return texts
}

// A program that writes to both streams by turns would send a message for each word.
func TestTextAboveTheRateIsMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20_000
		var wantOut, wantErr strings.Builder
		k := kerneltest.Start(t, nil, prints("turns", func(out, err func(string)) {
			for i := range n {
				out(fmt.Sprintln(i))
				err(fmt.Sprintln(-i))
				fmt.Fprintln(&wantOut, i)
				fmt.Fprintln(&wantErr, -i)
			}
		}))
		messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%turns"))
		withinServer(t, messages)
		got := streams(t, k, messages)
		if got["stdout"] != wantOut.String() || got["stderr"] != wantErr.String() {
			t.Errorf("%d and %d bytes arrive, want %d and %d", len(got["stdout"]), len(got["stderr"]), wantOut.Len(), wantErr.Len())
		}
		if len(messages) > rate.MaxMessages+10 {
			t.Errorf("%d messages", len(messages))
		}
	})
}

// Cells that print much come after one another when a notebook is run as a whole: each shows what it may.
func TestTextOfSeveralCellsKeepsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1_500_000
		k := kerneltest.Start(t, nil, prints("much", func(out, _ func(string)) { out(strings.Repeat("0123456789abcde\n", size/16)) }))
		var all []kerneltest.Message
		for range 4 {
			messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%much"))
			if got := streams(t, k, messages)["stdout"]; len(got) != size {
				t.Errorf("%d bytes arrive, want %d: %q", len(got), size, got[max(0, len(got)-200):])
			}
			all = append(all, messages...)
		}
		withinServer(t, all)
	})
}

// What is printed at once is no flood: of 5 MB a cell shows the first 2 MiB, and the file has the rest. An image of 5 MB is shown.
func TestFiveMegabytesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		text := strings.Repeat("0123456789abcde\n", 5_000_000/16)
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder },
			prints("much", func(out, _ func(string)) { out(text) }),
			magic{"image", func(ctx context.Context, _ magics.Call, host magics.Host) error {
				_, err := host.Show(ctx, display.Text(text))
				return err
			}})
		messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%much"))
		withinServer(t, messages)
		shown, notice, _ := strings.Cut(streams(t, k, messages)["stdout"], "\n[a cell shows up to 2 MiB of text; ")
		rest, err := os.ReadFile(filepath.Join(folder, "output", "cell-1.txt"))
		if err != nil || len(shown) != 2<<20 || shown+string(rest) != text || !strings.Contains(notice, "cell-1.txt") {
			t.Errorf("%d bytes are shown and %d are in the file, of %d; %q, %v", len(shown), len(rest), len(text), notice, err)
		}
		for _, m := range k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%image")) {
			var data wire.DisplayData
			if m.Header.MsgType == "display_data" {
				k.Decode(m, &data)
				if data.Data["text/plain"] != text {
					t.Error("the display is not whole")
				}
				return
			}
		}
		t.Error("the display did not arrive")
	})
}

// What must not be overtaken by a figure, a comm or a question keeps the rate as well, and comes before it.
func TestTextBeforeSomethingElseKeepsTheRate(t *testing.T) {
	for msgType, then := range map[string]func(context.Context, magics.Host) error{
		"display_data": func(ctx context.Context, host magics.Host) error {
			_, err := host.Show(ctx, display.Text("figure"))
			return err
		},
		"comm_open": func(ctx context.Context, host magics.Host) error { return host.Execute(ctx, "comm a") },
		"input_request": func(ctx context.Context, host magics.Host) error {
			_, err := host.Ask(ctx, "name?", false)
			return err
		},
	} {
		t.Run(msgType, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				text := strings.Repeat("y\n", 1_000_000) // 3 MB in JSON
				k := kerneltest.Start(t, nil, magic{"much", func(ctx context.Context, _ magics.Call, host magics.Host) error {
					if _, err := host.Stdout().Write([]byte(text)); err != nil {
						return err
					}
					return then(ctx, host)
				}})
				k.Send(wire.Shell, "execute_request", kerneltest.Cell("%much"))
				var messages []kerneltest.Message
				for len(messages) == 0 || messages[len(messages)-1].Header.MsgType != msgType {
					messages = append(messages, k.Next())
				}
				withinServer(t, messages)
				if got := streams(t, k, messages)["stdout"]; got != text {
					t.Errorf("%d bytes come before the %s, want %d", len(got), msgType, len(text))
				}
				if msgType == "input_request" {
					k.Send(wire.Stdin, "input_reply", wire.InputReply{Value: "Ada"})
				}
			})
		})
	}
}

// An interrupted cell does not wait for the rate: what it has not shown is in the file.
func TestAnInterruptEndsTheWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		text := strings.Repeat("\x01", 1_000_000)
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder },
			magic{"much", func(ctx context.Context, _ magics.Call, host magics.Host) error {
				if _, err := host.Stdout().Write([]byte(text)); err != nil {
					return err
				}
				canceled, cancel := context.WithCancel(ctx)
				cancel()
				begun := time.Now()
				_, err := host.Show(canceled, display.Text("figure"))
				if wait := time.Since(begun); wait > 0 {
					t.Errorf("the figure waits for %v", wait)
				}
				return err
			}})
		messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%much"))
		shown, _, _ := strings.Cut(streams(t, k, messages)["stdout"], "\n[a cell shows")
		rest, err := os.ReadFile(filepath.Join(folder, "output", "cell-1.txt"))
		if err != nil || shown+string(rest) != text {
			t.Errorf("%d bytes are shown and %d are in the file, of %d; %v", len(shown), len(rest), len(text), err)
		}
	})
}

// Text that is hidden at once is printed after what waits for the rate, wherever that ends.
func TestTheFileIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		text := strings.Repeat("\x01", 2_000_000) + strings.Repeat("b", 1_000_000) + "THE END"
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder },
			prints("much", func(out, _ func(string)) { out(text) }))
		messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%much"))
		shown, notice, _ := strings.Cut(streams(t, k, messages)["stdout"], "\n[a cell shows")
		rest, err := os.ReadFile(filepath.Join(folder, "output", "cell-1.txt"))
		if err != nil || shown+string(rest) != text || !strings.HasSuffix(notice, "THE END") {
			t.Errorf("%d bytes are shown and %d are in the file, of %d; they end with %q; %v",
				len(shown), len(rest), len(text), notice[max(0, len(notice)-20):], err)
		}
	})
}

// A character that JSON writes as six bytes makes text larger than the rate allows within any time that a cell may wait.
func TestTextThatStaysAboveTheRateGoesToTheFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		text := strings.Repeat("\x01", 2_000_000)
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder },
			prints("much", func(out, _ func(string)) {
				for i := range 20 {
					out(text[i*len(text)/20 : (i+1)*len(text)/20])
				}
			}))
		messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%much"))
		withinServer(t, messages)
		shown, notice, found := strings.Cut(streams(t, k, messages)["stdout"], "\n[a cell shows")
		rest, err := os.ReadFile(filepath.Join(folder, "output", "cell-1.txt"))
		if err != nil || !found || shown+string(rest) != text || len(shown) < rate.MaxText/6 {
			t.Errorf("%d bytes are shown and %d are in the file, of %d; %v", len(shown), len(rest), len(text), err)
		}
		if !strings.Contains(notice, "less where text comes faster than front ends take it") || strings.Count(notice, "cell-1.txt") != 1 {
			t.Errorf("the notice is %q", notice[:min(len(notice), 400)])
		}
	})
}

// An animation removes each image before the next, so that no bound in all stops it.
func TestAnAnimationIsSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := kerneltest.Start(t, nil, magic{"animation", func(ctx context.Context, _ magics.Call, host magics.Host) error {
			for i := range 3000 {
				if _, err := host.Show(ctx, display.Text(fmt.Sprint(i))); err != nil {
					return err
				}
				if err := host.(magics.Clearer).Clear(true); err != nil {
					return err
				}
			}
			return nil
		}})
		messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%animation"))
		withinServer(t, messages)
		if len(messages) < 6000 {
			t.Errorf("%d messages: images were lost", len(messages))
		}
	})
}

// Many large displays that change all the time send what there is room for, and at the end the last of each.
func TestUpdatesKeepTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const displays, changes = 30, 100
		large := strings.Repeat("x", 100_000)
		k := kerneltest.Start(t, nil, magic{"charts", func(ctx context.Context, _ magics.Call, host magics.Host) error {
			var ids []display.ID
			for range displays {
				id, err := host.Show(ctx, display.Text(""))
				if err != nil {
					return err
				}
				ids = append(ids, id)
			}
			for n := range changes {
				for _, id := range ids {
					if err := host.Update(ctx, id, display.Text(fmt.Sprint(n, " ", large))); err != nil {
						return err
					}
				}
				time.Sleep(50 * time.Millisecond)
			}
			return nil
		}})
		last, bytes := map[string]string{}, 0
		for _, m := range k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%charts")) {
			if m.Header.MsgType == "update_display_data" {
				var data wire.DisplayData
				if err := json.Unmarshal(m.Content, &data); err != nil {
					t.Fatal(err)
				}
				last[data.Transient.DisplayID], _, _ = strings.Cut(data.Data["text/plain"].(string), " ")
				bytes += len(m.Content)
			}
		}
		if most := 3*rate.MaxRich + displays*len(large); bytes > most { // five seconds, and the last of each
			t.Errorf("%d bytes, want at most %d", bytes, most)
		}
		if len(last) != displays {
			t.Errorf("%d displays changed", len(last))
		}
		for id, text := range last {
			if text != fmt.Sprint(changes-1) {
				t.Errorf("display %s ends with %s", id, text)
			}
		}
	})
}
