// Package session is the kernel's side of a conversation: it answers every message and runs one cell after the other.
package session
