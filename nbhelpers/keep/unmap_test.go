package keep

import (
	"syscall"
	"testing"
)

// unmap gives back what a store has mapped. Programs never do: values may lie there.
func (s *Store) unmap(t testing.TB) {
	t.Helper()
	for _, m := range s.files {
		if err := syscall.Munmap(m.data); err != nil {
			t.Fatal(err)
		}
		m.file.Close()
	}
}
