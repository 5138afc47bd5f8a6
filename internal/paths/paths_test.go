package paths

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// foreign is a user ID that nobody has.
const foreign = 54321

// temporary is a short folder that stands for /tmp: all may write to it, under the sticky bit.
func temporary(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "hs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", folder)
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv(HomeVar, filepath.Join(folder, "home"))
	return folder
}

func usual() string { return "headstart-" + strconv.Itoa(os.Getuid()) }

func mkdir(t *testing.T, folder string, mode os.FileMode, owner int) {
	t.Helper()
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, mode); err != nil {
		t.Fatal(err)
	}
	if owner == os.Getuid() {
		return
	}
	if os.Getuid() != 0 {
		need.Lack(t, need.Root, "to make a folder of another user")
	}
	if err := os.Chown(folder, owner, owner); err != nil {
		t.Fatal(err)
	}
}

func TestRuntimeIsPrivateAndStaysTheSame(t *testing.T) {
	shared := temporary(t)
	first, err := Runtime()
	if err != nil || first != filepath.Join(shared, usual()) {
		t.Fatalf("%s, %v", first, err)
	}
	if again, err := Runtime(); err != nil || again != first {
		t.Errorf("the second time: %s, %v", again, err)
	}
	if err := CheckPrivate(first); err != nil {
		t.Error(err)
	}
}

// TestALongTemporaryFolderIsPassedOver holds Lasting to paths that a socket can have.
func TestALongTemporaryFolderIsPassedOver(t *testing.T) {
	long := filepath.Join(temporary(t), strings.Repeat("long", 20))
	mkdir(t, long, 0o700, os.Getuid())
	t.Setenv("TMPDIR", long)
	if got, err := Lasting(); err != nil || len(got) > maxFolder {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAFolderThatIsTakenIsNotUsed(t *testing.T) {
	for name, take := range map[string]func(t *testing.T, folder string){
		"another user's": func(t *testing.T, folder string) { mkdir(t, folder, 0o700, foreign) },
		"open to all":    func(t *testing.T, folder string) { mkdir(t, folder, 0o777, os.Getuid()) },
		"a link": func(t *testing.T, folder string) {
			mkdir(t, folder+".ours", 0o700, os.Getuid())
			if err := os.Symlink(folder+".ours", folder); err != nil {
				t.Fatal(err)
			}
		},
		"a file": func(t *testing.T, folder string) {
			if err := os.WriteFile(folder, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			shared := temporary(t)
			taken := filepath.Join(shared, usual())
			take(t, taken)
			mkdir(t, taken+"-0", 0o755, os.Getuid()) // of the fallback's kind, and not private
			got, err := Runtime()
			if err != nil || got == taken || got == taken+"-0" || filepath.Dir(got) != shared {
				t.Fatalf("%s, %v", got, err)
			}
			if err := CheckPrivate(got); err != nil {
				t.Error(err)
			}
			if again, err := Runtime(); err != nil || again != got {
				t.Errorf("the second time: %s, %v, want %s", again, err, got)
			}
		})
	}
}

func TestASessionFolderOfSomebodyElseIsNotUsed(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, folder string){
		"another user's": func(t *testing.T, folder string) { mkdir(t, folder, 0o700, foreign) },
		"open to all":    func(t *testing.T, folder string) { mkdir(t, folder, 0o777, os.Getuid()) },
		"missing":        func(*testing.T, string) {},
	} {
		t.Run(name, func(t *testing.T) {
			shared := temporary(t)
			session := filepath.Join(shared, "session")
			make(t, session)
			t.Setenv("XDG_RUNTIME_DIR", session)
			if got, err := Runtime(); err != nil || strings.HasPrefix(got, session) {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
	shared := temporary(t)
	session := filepath.Join(shared, "session")
	mkdir(t, session, 0o700, os.Getuid())
	t.Setenv("XDG_RUNTIME_DIR", session)
	if got, err := Runtime(); err != nil || got != filepath.Join(session, "headstart") {
		t.Errorf("our own: %s, %v", got, err)
	}
}

func TestParentsThatOthersCanChangeAreRefused(t *testing.T) {
	shared := temporary(t)
	open := filepath.Join(shared, "open")
	mkdir(t, open, 0o777, os.Getuid())
	mkdir(t, filepath.Join(open, "inner"), 0o700, os.Getuid())
	var untrusted *UntrustedError
	if _, err := Private(filepath.Join(open, "inner", "ours")); !errors.As(err, &untrusted) || untrusted.Folder != open {
		t.Errorf("below a folder that all can write to: %v", err)
	}
	if err := CheckOwn(filepath.Join(open, "inner")); !errors.As(err, &untrusted) {
		t.Errorf("a folder below one that all can write to: %v", err)
	}
	theirs := filepath.Join(shared, "theirs")
	mkdir(t, theirs, 0o777|os.ModeSticky, foreign)
	if _, err := Private(filepath.Join(theirs, "ours")); !errors.As(err, &untrusted) {
		t.Errorf("below another user's folder: %v", err)
	}
}
