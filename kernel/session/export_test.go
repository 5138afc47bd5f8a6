package session

import "time"

// Hurry shortens the times that tests would otherwise wait for.
func (s *Session) Hurry(cancel, lookup time.Duration) {
	s.patience.cancel, s.patience.lookup, s.patience.closing = cancel, lookup, cancel
}

// CollectText keeps text together, however busy the machine is, until something else is sent.
func (s *Session) CollectText() { s.patience.stream = time.Hour }

// Completeness is what is_complete_request answers with.
func Completeness(code string) (status, indent string) { return completeness(code) }
