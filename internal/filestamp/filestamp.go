// Package filestamp describes a file by what the file system knows of it, without its content.
package filestamp

import (
	"io/fs"
	"syscall"
)

// A Stamp differs where a file may have another content.
type Stamp struct {
	Size int64
	Time int64 // of the last modification, in nanoseconds; programs can set it
	// Changed is the time of the last change of content or attributes, in nanoseconds, which programs cannot set. It is 0
	// where the system does not tell, as is Inode.
	Changed int64
	Inode   uint64 // of a file that takes another's place it is another, also within a tick of the clock
}

// Of is the stamp of a file.
func Of(info fs.FileInfo) Stamp {
	s := Stamp{Size: info.Size(), Time: info.ModTime().UnixNano()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.Changed, s.Inode = stat.Ctim.Nano(), stat.Ino
	}
	return s
}

// WithoutAttributes is the stamp for who trusts the file's writer: a change of its permissions, owner or links leaves it as it is,
// and so does a new content of the same size under the old time of modification.
func (s Stamp) WithoutAttributes() Stamp {
	s.Changed = 0
	return s
}
