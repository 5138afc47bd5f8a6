package keep

import "testing"

// unmap gives back what a store has mapped.
func (s *Store) unmap(t testing.TB) {
	t.Helper()
	if err := s.files.Unmap(); err != nil {
		t.Fatal(err)
	}
}
