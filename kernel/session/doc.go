// Package session is the kernel's side of the Jupyter protocol. It knows no language and no single magic: cells go to an
// Engine, or to the magics of a registry.
//
// Shell and control each have a loop that reads, checks and dispatches. A loop never waits for a cell: cells go to a queue
// from which one goroutine runs them, and whatever else may take long (completion, inspection, comms) has a goroutine of its
// own. Every request, in whichever place it is handled, passes through Session.serve, which wraps it in busy and idle.
package session
