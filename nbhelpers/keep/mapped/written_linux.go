package mapped

import (
	"encoding/binary"
	"os"
	"unsafe"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// In an entry of /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst of Linux): the page is one of the file's.
const (
	pageOfFile  = 1 << 61
	pageSwapped = 1 << 62
	pagePresent = 1 << 63
)

// writtenPages says which pages of a private mapping are copies that belong to this process, because it wrote to them.
func writtenPages(data []byte, page int) (written []bool, known bool) {
	file, err := safefile.OpenUnlinked("/proc/self/pagemap", os.O_RDONLY, 0)
	if err != nil {
		return nil, false
	}
	defer file.Close() // only read
	pages := (len(data) + page - 1) / page
	raw := make([]byte, 8*pages)
	start := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	if start%uintptr(page) != 0 { // it was read, not mapped
		return nil, false
	}
	if _, err := file.ReadAt(raw, int64(start/uintptr(page))*8); err != nil {
		return nil, false
	}
	written = make([]bool, pages)
	for i := range written {
		entry := binary.NativeEndian.Uint64(raw[8*i:])
		written[i] = entry&(pagePresent|pageSwapped) != 0 && entry&pageOfFile == 0
	}
	return written, true
}
