package memory

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Room is the memory that this process and those beside it have: of a limit, or of the machine where none is smaller.
type Room struct {
	Total     int64 // bytes; 0 where it is not known
	Available int64 // bytes that can be taken without another process losing any
	Free      int64 // bytes that hold nothing at all
	Limited   bool  // Total is that of a limit
}

// ReadRoom reads the room from /proc and /sys below root, which is normally "/". The zero Room is not known.
func ReadRoom(root string) Room {
	text, err := os.ReadFile(filepath.Join(root, "proc/meminfo"))
	if err != nil {
		return Room{}
	}
	kilobytes := func(name string) (int64, bool) {
		n, ok := Field(string(text), name)
		return n << 10, ok
	}
	total, ok := kilobytes("MemTotal:")
	available, known := kilobytes("MemAvailable:")
	free, _ := kilobytes("MemFree:")
	if !ok || !known || total <= 0 {
		return Room{}
	}
	r := Room{Total: total, Available: available, Free: free}
	if l := ReadLimit(root); l.Bytes > 0 && l.Bytes < total {
		r.Total, r.Limited = l.Bytes, true
		r.Available = min(available, max(0, l.Bytes-l.Used)) // the machine may have less than the limit leaves
		r.Free = min(free, r.Available)
	}
	return r
}

// Memory is short from where less than a tenth of it, and less than 1 GB, is left. A tenth of the 2 GB of a student's server is less
// than a warm model takes; 1 GB is what the whole ResNet50 takes while it computes features.
const (
	shortPart  = 10
	shortBytes = 1_000_000_000
)

// Short tells whether so little is left that the next allocation may end a process.
func (r Room) Short() bool {
	return r.Total > 0 && r.Available < min(r.Total/shortPart, shortBytes)
}

// Scarcest is the one of two rooms that has less; one that is not known has the most.
func Scarcest(a, b Room) Room {
	if a.Total == 0 || b.Total > 0 && b.Available < a.Available {
		return b
	}
	return a
}

// Owner names whose memory it is, for a sentence.
func (r Room) Owner() string {
	if r.Limited {
		return "that this server may take"
	}
	return "of this machine"
}

// Field finds the number behind a name at the beginning of a line, as the files of /proc have them.
func Field(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
