package session_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

func TestOutputIsCompleteAndInOrder(t *testing.T) {
	k := kerneltest.Start(t, nil)
	const n = 20_000
	var want strings.Builder
	for i := range n {
		fmt.Fprintln(&want, i)
	}
	reply, printed := k.Run(fmt.Sprintf("lines %d", n))
	if reply.Status != wire.StatusOK || printed != want.String() {
		t.Errorf("%s, %d bytes of output, want %d", reply.Status, len(printed), want.Len())
	}
	if count := k.Transport.Count(); count > n/10 {
		t.Errorf("%d messages for %d lines: text is not collected", count, n)
	}
}

// TestTextBeyondTheLimitGoesToAFile: a browser that is sent an endless loop's output stops responding.
func TestTextBeyondTheLimitGoesToAFile(t *testing.T) {
	folder := t.TempDir()
	k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder })
	const n = 500_000
	var all strings.Builder
	for i := range n {
		fmt.Fprintln(&all, i)
	}
	reply, printed := k.Run(fmt.Sprintf("lines %d", n))
	if reply.Status != wire.StatusOK || len(printed) > 3<<20 {
		t.Fatalf("%s, %d bytes shown", reply.Status, len(printed))
	}
	file := filepath.Join(folder, "output", "cell-1.txt")
	shown, notice, found := strings.Cut(printed, "\n[a cell shows up to 2 MiB of text; ")
	if !found || !strings.Contains(notice, file) || !strings.HasSuffix(notice, fmt.Sprintf("\n%d\n", n-1)) {
		t.Errorf("the end of the output is %q", printed[max(0, len(printed)-300):])
	}
	rest, err := os.ReadFile(file)
	if err != nil || shown+string(rest) != all.String() {
		t.Errorf("%d bytes shown and %d in the file are not the %d that were printed, %v", len(shown), len(rest), all.Len(), err)
	}
	if _, printed := k.Run("print next"); printed != "next\n" {
		t.Errorf("the next cell shows %q", printed)
	}
}

// A front end that runs something of its own must not replace the file of the cell before it, which the notebook names.
func TestUnstoredTextLeavesTheFilesOfCells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder },
			prints("a", func(out, _ func(string)) { out(strings.Repeat("a", 2<<20+1)) }),
			prints("b", func(out, _ func(string)) { out(strings.Repeat("b", 2<<20+1)) }))
		k.Ask(wire.Shell, "execute_request", kerneltest.Cell("%a"))
		unstored := kerneltest.Cell("%b")
		unstored.StoreHistory = false
		k.Ask(wire.Shell, "execute_request", unstored)
		if text, err := os.ReadFile(filepath.Join(folder, "output", "cell-1.txt")); err != nil || string(text) != "a" {
			t.Errorf("the first cell's file has %q, %v", text, err)
		}
	})
}

// A cell that replaces its output, as a progress display does, may print without end.
func TestClearedTextDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const steps, size = 5, 1_000_000
		k := kerneltest.Start(t, nil, magic{"steps", func(_ context.Context, _ magics.Call, host magics.Host) error {
			for i := range steps {
				if err := host.(magics.Clearer).Clear(true); err != nil {
					return err
				}
				if _, err := fmt.Fprint(host.Stdout(), i, strings.Repeat("#", size)); err != nil {
					return err
				}
			}
			return nil
		}})
		if _, printed := k.Run("%steps"); len(printed) != steps*(size+1) {
			t.Errorf("%d bytes are shown, which end with %q", len(printed), printed[max(0, len(printed)-200):])
		}
	})
}

// TestOutputsBeyondTheLimitGoToAFile: an endless loop of displays is as bad as one of prints; an animation that clears them is not.
func TestOutputsBeyondTheLimitGoToAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // waits for the rate
		folder := t.TempDir()
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder })
		for code, want := range map[string]struct {
			displays int
			notice   string
		}{
			"displays 2500\nprint last":           {2000, "[a cell shows up to 2 MiB of text and 2000 other outputs; 500 outputs more, "},
			"displays 1500\nclear\ndisplays 1500": {3000, ""},
		} {
			displays, printed := 0, ""
			for _, m := range k.Ask(wire.Shell, "execute_request", kerneltest.Cell(code)) {
				switch m.Header.MsgType {
				case "display_data":
					displays++
				case "stream":
					printed += string(m.Content)
				}
			}
			if displays != want.displays || !strings.Contains(printed, want.notice) || (want.notice == "") != (printed == "") {
				t.Errorf("%q shows %d outputs and prints %q", code, displays, printed)
			}
		}
		files, err := filepath.Glob(filepath.Join(folder, "output", "cell-*.txt"))
		if err != nil || len(files) != 1 {
			t.Fatalf("the files are %v, %v", files, err)
		}
		rest, err := os.ReadFile(files[0])
		if err != nil || !strings.HasPrefix(string(rest), "2000\n2001\n") || !strings.HasSuffix(string(rest), "2499\nlast\n") {
			t.Errorf("the file has %d bytes, %v", len(rest), err)
		}
	})
}

func TestStreamsKeepTheirOrder(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Session.CollectText()
	messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("print 1\neprint 2\nprint 3\ndisplay 4\nprint 5"))
	var got []string
	for _, m := range messages[2 : len(messages)-2] {
		got = append(got, m.Header.MsgType+" "+string(m.Content))
	}
	want := []string{
		`stream {"name":"stdout","text":"1\n"}`,
		`stream {"name":"stderr","text":"2\n"}`,
		`stream {"name":"stdout","text":"3\n"}`,
		`display_data {"data":{"text/plain":"4"},"metadata":{},"transient":{}}`,
		`stream {"name":"stdout","text":"5\n"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFirstCellShowsTheNotices(t *testing.T) {
	k := kerneltest.Start(t, func(config *session.Config, _ *kerneltest.Kernel) { config.Notices = []string{"HOME is missing"} })
	if _, printed := k.Run("%nothing"); !strings.Contains(printed, "headstart: HOME is missing\n") {
		t.Errorf("the first cell shows %q", printed)
	}
	if _, printed := k.Run("%nothing"); strings.Contains(printed, "HOME") {
		t.Errorf("the second cell shows %q", printed)
	}
}

func TestCharactersAreNotCut(t *testing.T) {
	const text = "aü€😀"
	bytewise := magic{"bytewise", func(_ context.Context, _ magics.Call, host magics.Host) error {
		for i := range len(text) {
			if _, err := host.Stdout().Write([]byte{text[i]}); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond) // longer than text is collected
		}
		return nil
	}}
	k := kerneltest.Start(t, nil, bytewise)
	if _, printed := k.Run("%bytewise"); printed != text {
		t.Errorf("printed %q, want %q", printed, text)
	}
}

func TestNothingComesAfterIdle(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Run("late too late")
	before := k.Transport.Count()
	close(k.Engine.Release)
	<-k.Engine.Late
	if !errors.Is(k.Engine.LateErr, session.ErrCellEnded) {
		t.Errorf("late output: err = %v, want %v", k.Engine.LateErr, session.ErrCellEnded)
	}
	if after := k.Transport.Count(); after != before {
		t.Errorf("%d messages came after the cell's idle", after-before)
	}
}
