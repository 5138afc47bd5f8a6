// Package keep stores the values of a notebook's variables between the programs of its cells.
//
// A Go cell is a program of its own. The program that the kernel makes of a cell calls Load before the cell's statements
// and Save after them:
//
//	store := keep.Open(dir, keep.Options{Quota: keep.DefaultQuota})
//	lost := store.Load(keep.Variable{Name: "x", Type: "[]float64", Pointer: &x})
//	...
//	lost = store.Save(keep.Variable{Name: "x", Type: "[]float64", Pointer: &x})
//
// # What is kept
//
//   - booleans, numbers (uintptr as a number), strings, arrays, structs with their unexported and blank fields
//   - slices with their capacity and what lies in it
//   - maps, with NaN keys and with keys that are pointers or interfaces
//   - pointers, also into arrays, slices, structs and variables; nil, empty and zero-sized values stay what they are
//   - cycles, and memory that several variables share: slices that overlap, pointers to one value, one map under two names
//   - interfaces with their dynamic types, where the next program knows these: the types that the variables' own types
//     mention, those in Options.Types, those of the errors, fs.FileInfo and fs.DirEntry that errors, fmt, os and strconv
//     return, and slices, arrays, maps and pointers of all these
//   - functions declared at the top level of a package, by their names: see Options.Funcs
//   - pointers that every program has under a name: os.Stdin, os.Stdout, os.Stderr, time.Local, time.UTC, io.EOF and the
//     like, the color models of image/color, and Options.Pointers
//   - time.Time with its location and without its monotonic clock reading, as Time.Round(0) returns it
//   - sync.Mutex, sync.RWMutex and sync.WaitGroup that nothing holds, and the types of sync/atomic
//   - what consists of these: big.Int, big.Float, the images of package image, gonum's matrices, bytes.Buffer, regexp.Regexp
//
// # What is not kept
//
//   - channels, closures, method values, unsafe.Pointer and pointers to memory of C, unless they are nil
//   - locked mutexes; sync.Cond, sync.Pool and sync.Map once they were used
//   - what is bound to the process: os.File, network connections, processes, timers, reflect.Type, reflect.Value, unique.Handle
//     and netip.Addr, maphash.Seed
//   - values in interfaces whose type is an unexported type of another package, which no program can name, unless Options.Types
//     has it; those whose type is declared inside a function are saved, and reported by Load
//   - memory that is used as two unrelated types by means of package unsafe, boxed interfaces nested more than 10,000 deep
//   - the identity of what has none in Go: the memory of short strings, of zero-sized values, and of values in interfaces
//   - the identity of variables of other packages, such as http.DefaultClient: a pointer to one becomes a pointer to a copy,
//     unless Options.Pointers has it
//
// A variable with a part that cannot be kept is not kept at all, and its Loss has the path to the part. Whatever was kept
// under its name before is removed, so that its declared initializer applies in the next program.
//
// # Changed and unknown types
//
// With each variable the structure of its type is stored: names, kinds, fields, offsets, recursively. A variable whose type
// has changed since is reported by Load, and its value is replaced by the next Save. A dynamic type or function that a
// program does not know is reported as well, but the value stays in the store until a program assigns to the variable:
// Entry.Types and Entry.Funcs name what a program has to know.
//
// # Files
//
// Variables that share memory form a group. A group is one file with its graph of values and a checksum; where that is small,
// it stands in the manifest instead. Its slices of
// numbers and strings from 64 KiB on lie in other files, which are mapped copy-on-write rather than read, so that a
// program pays for the pages that it uses. (Arrays that are variables, and slices of booleans, are read.) A Save writes one
// such file for all that is new or has changed much in a group. Files never change once they are written. Where little of a
// mapped file has changed, the pages that have are written with the graph, and copied over the mapping by each Load.
//
// A manifest lists the files. It is replaced by a rename at the end of a Save, which makes that Save visible as a whole: a
// program that is killed leaves the last whole state. Nothing is synced to the disk but by Copy, because the folder is as
// short-lived as the kernel, and a sync would cost more than all else. After a power failure the checksums tell.
//
// The numbers in mapped files are checked by size, name and header only, since a checksum would read all of a file of which
// a program may want one number. Each pattern of bits is a number, so that damage there cannot break a program.
//
// Programs that run at once exclude each other with a lock on a file. A Save writes what its program has changed and leaves
// alone what it has only read; of two programs that change the same variable, the one that saves later wins.
//
// Goroutines of the program must not change the variables during Save.
package keep
