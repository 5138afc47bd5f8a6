package plain

import (
	"strconv"
	"syscall"
	"unsafe"
)

// lockWait is how long another program may hold the store's lock, in milliseconds: a Save of some GB takes seconds.
const lockWait = 10_000

// locked runs a function while no other program changes the store, or reads it.
func locked(dir string, exclusive bool, do func() error) error {
	if err := checkFolder(dir); err != nil {
		return err
	}
	file, err := open(dir+"/lock", syscall.O_RDWR|syscall.O_CREAT)
	if err != nil {
		return err
	}
	defer syscall.Close(file) // drops the lock
	how := syscall.LOCK_SH | syscall.LOCK_NB
	if exclusive {
		how = syscall.LOCK_EX | syscall.LOCK_NB
	}
	for waited := 0; ; waited++ {
		err := syscall.Flock(file, how)
		if err == nil {
			return do()
		}
		if err != syscall.EWOULDBLOCK && err != syscall.EINTR {
			return errorText("lock " + dir + ": " + err.Error())
		}
		if waited > lockWait {
			return errorText("lock " + dir + ": another program has held the lock for 10s")
		}
		sleep()
	}
}

// isMissing tells the error of a file that is not there. Nothing here wraps errors.
func isMissing(err error) bool { return err == syscall.ENOENT }

// checkFolder refuses a folder that others can write to.
func checkFolder(dir string) error {
	var info syscall.Stat_t
	if err := syscall.Lstat(dir, &info); err != nil {
		return err
	}
	if uint32(info.Mode)&syscall.S_IFMT != syscall.S_IFDIR {
		return errorText("use " + dir + " for kept values: it is not a folder")
	}
	return private(dir, &info)
}

func private(path string, info *syscall.Stat_t) error {
	switch {
	case int(info.Uid) != syscall.Geteuid():
		return errorText("use " + path + " for kept values: it belongs to another user")
	case uint32(info.Mode)&0o077 != 0:
		return errorText("use " + path + " for kept values: its mode lets others use it")
	}
	return nil
}

// open opens a regular file that belongs to the user alone, and follows no link.
func open(path string, flags int) (file int, err error) {
	for {
		file, err = syscall.Open(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0o600)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return 0, err
	}
	var info syscall.Stat_t
	err = syscall.Fstat(file, &info)
	if err == nil && uint32(info.Mode)&syscall.S_IFMT != syscall.S_IFREG {
		err = errorText("open " + path + ": it is not a regular file")
	}
	if err == nil {
		err = private(path, &info)
	}
	if err != nil {
		_ = syscall.Close(file) // nothing was written
		return 0, err
	}
	return file, nil
}

func readFile(path string, limit int64) ([]byte, error) {
	file, err := open(path, syscall.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(file) // only read
	var info syscall.Stat_t
	if err := syscall.Fstat(file, &info); err != nil {
		return nil, err
	}
	if info.Size > limit {
		return nil, errorText("damaged: it has " + strconv.FormatInt(info.Size, 10) + " bytes")
	}
	data := make([]byte, info.Size)
	for at := 0; at < len(data); {
		n, err := syscall.Read(file, data[at:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return nil, err
		case n <= 0:
			return nil, errorText("damaged: it is cut")
		default:
			at += n
		}
	}
	return data, nil
}

// create makes a file of the store, in place of one that a program left behind that was killed.
func create(path string, data []byte) error {
	err := writeFile(path, syscall.O_EXCL, data)
	if err == syscall.EEXIST || err == syscall.ELOOP {
		if err = syscall.Unlink(path); err == nil {
			err = writeFile(path, syscall.O_EXCL, data)
		}
	}
	return err
}

func writeFile(path string, flags int, data []byte) error {
	file, err := open(path, syscall.O_WRONLY|syscall.O_CREAT|flags)
	if err != nil {
		return err
	}
	err = writeAt(file, data, 0)
	if closed := syscall.Close(file); err == nil {
		err = closed
	}
	if err != nil && flags == syscall.O_EXCL {
		_ = syscall.Unlink(path) // a file that is not whole is of no use
	}
	return err
}

func writeAt(file int, data []byte, at int64) error {
	for len(data) > 0 {
		n, err := syscall.Pwrite(file, data, at)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		data, at = data[n:], at+int64(n)
	}
	return nil
}

// A flatFile is a large string as a file that is mapped later: see package keep/mapped.
type flatFile struct {
	name string
	data string
}

const (
	magicFlat = "headstart kept data 1\n"
	flatStart = 64 << 10
)

func (f *flatFile) write(dir string) error {
	path := dir + "/" + f.name + flatEnding
	file, err := open(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL)
	if err != nil {
		return err
	}
	data := unsafe.Slice(unsafe.StringData(f.data), len(f.data))
	err = writeAt(file, data, flatStart)
	if err == nil {
		header := []byte(magicFlat)
		for shift := 0; shift < 64; shift += 8 {
			header = append(header, byte(uint64(len(data))>>shift))
		}
		sum := checksum(data)
		err = writeAt(file, append(header, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)), 0) // last: a file without it is not whole
	}
	if closed := syscall.Close(file); err == nil {
		err = closed
	}
	if err != nil {
		_ = syscall.Unlink(path)
	}
	return err
}

// newName returns a name for a variable's file that no file had before: programs may still have files mapped that were removed.
func newName(variable string) string {
	hash := fingerprint(strconv.FormatUint(now(), 36) + " " + strconv.Itoa(syscall.Getpid()) + " " + variable)
	return strconv.FormatUint(hash|1<<63, 36)
}

func now() uint64 {
	var t syscall.Timeval
	if err := syscall.Gettimeofday(&t); err != nil {
		return 0
	}
	return uint64(t.Sec)*1e9 + uint64(t.Usec)*1e3
}

func bigEndian() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 0
}
