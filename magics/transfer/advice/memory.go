package advice

import (
	"fmt"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Memory warns in a note of memory that is nearly used up, and says what to do. Where memory is not short it returns nil.
func Memory(room memory.Room) []string {
	if !room.Short() {
		return nil
	}
	return []string{fmt.Sprintf("Memory is short: of the %s %s, %s were left. "+
		"Take smaller batches (--batch), smaller images (--size) or fewer of them, or shut down other kernels.",
		sketch.Bytes(room.Total), room.Owner(), sketch.Bytes(room.Available))}
}
