package session

import "time"

// Hurry shortens the times that tests would otherwise wait for.
func (s *Session) Hurry(cancel, lookup time.Duration) {
	s.patience.cancel, s.patience.lookup, s.patience.closing = cancel, lookup, cancel
}

// CollectText keeps text together, however busy the machine is, until something else is sent.
func (s *Session) CollectText() { s.patience.stream = time.Hour }

// HoldUpdates sends of each display the first update at once, and the next when something asks for it.
func (s *Session) HoldUpdates() { s.updates.Interval = time.Hour }
