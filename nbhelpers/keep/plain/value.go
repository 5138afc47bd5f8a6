package plain

import (
	"hash/crc32"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// The beginning of a group's file, and what its parts are: see package keep/graph.
const (
	magicGraph = "headstart kept group 2\n"
	unitMemory = 0
	unitFile   = 2

	largeBytes    = 64 << 10 // of a string that is mapped
	checksumBytes = 4
)

// raw is the memory of a variable, and the name of its type; typ is empty for a type that this package does not know.
func raw(pointer any) (memory []byte, typ string) {
	of := func(p unsafe.Pointer, size uintptr, typ string) ([]byte, string) {
		return unsafe.Slice((*byte)(p), size), typ
	}
	switch p := pointer.(type) {
	case *bool:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "bool")
	case *int:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "int")
	case *int8:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "int8")
	case *int16:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "int16")
	case *int32:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "int32")
	case *int64:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "int64")
	case *uint:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "uint")
	case *uint8:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "uint8")
	case *uint16:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "uint16")
	case *uint32:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "uint32")
	case *uint64:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "uint64")
	case *uintptr:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "uintptr")
	case *float32:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "float32")
	case *float64:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "float64")
	case *complex64:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "complex64")
	case *complex128:
		return of(unsafe.Pointer(p), unsafe.Sizeof(*p), "complex128")
	case *string:
		return nil, "string"
	}
	return nil, ""
}

func typeName(pointer any) string {
	_, name := raw(pointer)
	return name
}

// fingerprint is FNV-64a, which package keep/typetable computes of the names of predeclared types.
func fingerprint(typ string) uint64 {
	hash := uint64(14695981039346656037)
	for _, c := range []byte(typ + " ") {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return hash
}

// head is the file of a group with one variable up to its content, of so many bytes.
func head(v Variable, typ string, content int) []byte {
	b := text([]byte(magicGraph), platform())
	b = number(b, 0) // names
	b = number(b, 1)
	b = namedType(b, typ)
	b = number(number(b, 0), 0) // files, boxes
	b = number(b, 1)
	b = number(number(number(number(b, unitMemory), 0), 1), uint64(content))
	return root(b, v)
}

func namedType(b []byte, typ string) []byte {
	return number(text(append(b, 'n'), typ), fingerprint(typ))
}

func root(b []byte, v Variable) []byte {
	b = text(number(b, 1), v.Name)
	return number(number(b, 0), 1) // its type, its unit
}

// encode is the file of a group with one variable, without its checksum, and a file with its value where that is large.
func encode(v Variable) (graph string, flat *flatFile) {
	memory, typ := raw(v.Pointer)
	if typ != "string" {
		return string(append(head(v, typ, len(memory)), memory...)), nil
	}
	s := *v.Pointer.(*string)
	if len(s) < largeBytes {
		content := append(number(nil, uint64(len(s))<<1), s...)
		return string(append(head(v, typ, len(content)), content...)), nil
	}
	flat = &flatFile{newName(v.Name), s}
	content := number(number(number(nil, 2<<1|1), uint64(len(s))), 0) // the second unit, from its beginning
	b := text([]byte(magicGraph), platform())
	b = number(number(b, 0), 2)
	b = namedType(namedType(b, typ), "uint8")
	b = number(text(number(b, 1), flat.name), uint64(len(s)))
	b = number(number(b, 0), 2) // boxes, units
	b = number(number(number(number(b, unitMemory), 0), 1), uint64(len(content)))
	b = number(number(number(b, unitFile), 1), uint64(len(s)))
	b = number(number(number(b, 0), 0), 0) // the file, the place in it, the bytes of what has changed since
	return string(append(root(b, v), content...)), flat
}

// set gives a variable the value of a group's file; false where that has none of its type.
func set(v Variable, graph []byte) bool {
	memory, typ := raw(v.Pointer)
	if typ != "string" {
		want := head(v, typ, len(memory))
		if typ == "" || len(graph) != len(want)+len(memory) || string(graph[:len(want)]) != string(want) {
			return false
		}
		content := graph[len(want):]
		if typ == "bool" && content[0] > 1 {
			return false
		}
		copy(memory, content)
		return true
	}
	most := len(graph) - len(head(v, typ, 0))
	for size := most; size >= 0 && size > most-8; size-- { // the size of the content stands before it, in one to eight bytes
		want := head(v, typ, size)
		r := &reader{data: graph, at: len(want)}
		if len(want)+size != len(graph) || string(graph[:r.at]) != string(want) {
			continue
		}
		length := r.number()
		if r.bad || length&1 != 0 || length>>1 != uint64(len(graph)-r.at) {
			return false
		}
		*v.Pointer.(*string) = string(graph[r.at:])
		return true
	}
	return false
}

// typeOf is the name of the type in a group's file with one variable; empty where the file does not name one.
func typeOf(graph []byte) string {
	r := &reader{data: graph, at: len(magicGraph)}
	if len(graph) < r.at {
		return ""
	}
	r.text()              // the platform
	for range r.count() { // names
		r.text()
	}
	if r.count() == 0 || r.at >= len(graph) || graph[r.at] != 'n' {
		return ""
	}
	r.at++
	return r.text()
}

const maxText = 80 // characters of a value in a listing

// short is the value as a listing shows it, as package keep/graph writes it.
func short(pointer any) string {
	switch p := pointer.(type) {
	case *bool:
		return strconv.FormatBool(*p)
	case *float32:
		return strconv.FormatFloat(float64(*p), 'g', -1, 32)
	case *float64:
		return strconv.FormatFloat(*p, 'g', -1, 64)
	case *complex64:
		return strconv.FormatComplex(complex128(*p), 'g', -1, 64)
	case *complex128:
		return strconv.FormatComplex(*p, 'g', -1, 128)
	case *string:
		s := strconv.Quote((*p)[:min(len(*p), 4*maxText)])
		if utf8.RuneCountInString(s) <= maxText {
			return s
		}
		return string([]rune(s)[:maxText-1]) + "…"
	}
	return integer(pointer)
}

func integer(pointer any) string {
	switch p := pointer.(type) {
	case *int:
		return strconv.FormatInt(int64(*p), 10)
	case *int8:
		return strconv.FormatInt(int64(*p), 10)
	case *int16:
		return strconv.FormatInt(int64(*p), 10)
	case *int32:
		return strconv.FormatInt(int64(*p), 10)
	case *int64:
		return strconv.FormatInt(*p, 10)
	case *uint:
		return strconv.FormatUint(uint64(*p), 10)
	case *uint8:
		return strconv.FormatUint(uint64(*p), 10)
	case *uint16:
		return strconv.FormatUint(uint64(*p), 10)
	case *uint32:
		return strconv.FormatUint(uint64(*p), 10)
	case *uint64:
		return strconv.FormatUint(*p, 10)
	case *uintptr:
		return strconv.FormatUint(uint64(*p), 10)
	}
	return ""
}

func withChecksum(data []byte) []byte {
	sum := checksum(data)
	return append(data, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
}

func checksum(data []byte) uint32 { return crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)) }
