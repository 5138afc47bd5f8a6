package accel

import (
	"fmt"

	"github.com/gomlx/gomlx/support/exceptions"
)

// Try runs code that builds or executes graphs, which panics on an error, and returns the panic as an error.
func Try(run func() error) (err error) {
	panicked := exceptions.Try(func() { err = run() })
	switch reason := panicked.(type) {
	case nil:
		return err
	case error:
		return reason
	default:
		return fmt.Errorf("%v", reason)
	}
}
