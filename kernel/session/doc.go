// Package session is the kernel's side of a conversation: it answers every message and runs one cell after the other.
//
// Shell and control each have a loop that reads, checks and dispatches. A loop never waits for a cell: cells go to a queue
// that one goroutine works off, and whatever else may take long (completion, inspection, comms) has a goroutine of its
// own. Every request, in whichever place it is handled, passes through Session.serve, which wraps it in busy and idle.
package session
