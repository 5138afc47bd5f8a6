package checkpoint

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func create(t *testing.T, root string) *Dir {
	t.Helper()
	d, err := Create(root, "first")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestCheckpoints(t *testing.T) {
	d := create(t, t.TempDir())
	if _, err := d.Latest(func(string) error { return nil }); !errors.Is(err, ErrNoCheckpoint) {
		t.Errorf("a run without an epoch: %v", err)
	}
	for epoch := 1; epoch <= 4; epoch++ {
		if err := d.Commit(epoch, text(strings.Repeat("x", epoch))); err != nil {
			t.Fatal(err)
		}
	}
	epochs, err := d.epochs()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{3, 4}, epochs); diff != "" {
		t.Error(diff)
	}
	// The newest is damaged: the one before serves.
	epoch, err := d.Latest(func(path string) error {
		content, err := os.ReadFile(path)
		if len(content) == 4 {
			return errors.New("damaged")
		}
		return err
	})
	if epoch != 3 || err != nil {
		t.Errorf("the epoch %d, %v", epoch, err)
	}
	if _, err := d.Latest(func(string) error { return errors.New("damaged") }); err == nil {
		t.Error("two damaged checkpoints gave no error")
	}
}

func TestFailedWriteKeepsWhatWas(t *testing.T) {
	d := create(t, t.TempDir())
	if err := d.Write("state", text("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	err := d.Write("state", func(w io.Writer) error {
		if err := text("half")(w); err != nil {
			return err
		}
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
	content, err := os.ReadFile(filepath.Join(d.Path(), "state"))
	if string(content) != "old" || err != nil {
		t.Errorf("the file holds %q, %v", content, err)
	}
	left, _ := filepath.Glob(filepath.Join(d.Path(), "*"+atomicfile.TemporaryEnding))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOneProcessARun(t *testing.T) {
	root := t.TempDir()
	d := create(t, root)
	if _, err := Open(root, "first"); !errors.Is(err, ErrBusy) {
		t.Errorf("a second Open: %v", err)
	}
	if !Busy(root, "first") {
		t.Error("the run is not busy")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if Busy(root, "first") {
		t.Error("the run is busy after Close")
	}
	if _, err := Create(root, "first"); !errors.Is(err, os.ErrExist) {
		t.Errorf("creating it again: %v", err)
	}
	looking, looked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(looked)
		for {
			select {
			case <-looking:
				return
			default:
				Busy(root, "first")
			}
		}
	}()
	for range 50 {
		d, err := Open(root, "first")
		if err != nil {
			t.Fatalf("while another process looks at the run: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	close(looking)
	<-looked
	names, err := List(root)
	if diff := cmp.Diff([]string{"first"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if names, err := List(filepath.Join(root, "none")); names != nil || err != nil {
		t.Errorf("a root that is not there: %v, %v", names, err)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", ".hidden", "a/b", `a\b`, "a b", "a\n", strings.Repeat("a", 101)} {
		if err := CheckName(name); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	for _, name := range []string{"a", "resnet50-20260101-120000", "Run_1.b"} {
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
	}
}
