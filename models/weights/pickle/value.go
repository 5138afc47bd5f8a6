// Package pickle reads Python's pickles as data. It runs nothing that one says: a call is a value that names its function, and a function
// or class is named only where the caller's list has it.
//
// The opcodes are those of Python's Lib/pickletools.py, as far as dictionaries of tensors need them.
package pickle

import "fmt"

// A Value is what a pickle holds: nil, bool, int64, Long, float64, string, Bytes, Tuple, *List, *Dict, Global, *Call or Persistent.
type Value any

type (
	// Long is an integer of more than 64 bits: its bytes in two's complement, the lowest first.
	Long string
	// Bytes are Python's bytes.
	Bytes string
	// Tuple is Python's tuple.
	Tuple []Value
	// List is Python's list. It may hold itself.
	List struct{ Items []Value }
	// Persistent is an object that lies outside of the pickle, under an ID.
	Persistent struct{ ID Value }
	// A Call is what a function would return for arguments. Nothing calls it.
	Call struct {
		Function  Global
		Arguments Tuple
	}
)

// A Global is a function or class of Python.
type Global struct{ Module, Name string }

// String names it as Python does: "torch._utils._rebuild_tensor_v2".
func (g Global) String() string { return g.Module + "." + g.Name }

// A Dict is a dictionary, in the order of its keys. It may hold itself.
type Dict struct {
	Entries []Entry
	named   map[string]int // the keys that are text, to their entries
}

// An Entry is a key with its value.
type Entry struct{ Key, Value Value }

// Find finds the value of a key that is text.
func (d *Dict) Find(name string) (Value, bool) {
	i, ok := d.named[name]
	if !ok {
		return nil, false
	}
	return d.Entries[i].Value, true
}

// A KeyError is a key that a dictionary has twice, of which Python would silently keep the last.
type KeyError struct{ Key string }

func (e *KeyError) Error() string { return fmt.Sprintf("the key %.100q occurs twice", e.Key) }

// maxKey bounds the text of a key, in bytes: the name of a tensor has below 100. A text that was written once may be the key of each of a
// million dictionaries, and each would hash all of it.
const maxKey = 4 << 10

// A LongKeyError is a key of a dictionary that is longer than any name.
type LongKeyError struct{ Bytes int }

func (e *LongKeyError) Error() string {
	return fmt.Sprintf("a key of a dictionary has %d bytes, and at most %d are read", e.Bytes, maxKey)
}

func (d *Dict) add(key, value Value) error {
	if name, ok := key.(string); ok {
		if len(name) > maxKey {
			return &LongKeyError{len(name)}
		}
		if _, twice := d.named[name]; twice {
			return &KeyError{name}
		}
		if d.named == nil {
			d.named = map[string]int{}
		}
		d.named[name] = len(d.Entries)
	}
	d.Entries = append(d.Entries, Entry{key, value})
	return nil
}

// A Use is what a pickle may do with a global.
type Use int

// The uses.
const (
	Name       Use = iota + 1 // it may be named
	Function                  // it may be called as well: a Call stands for what it returns
	Dictionary                // it may be called for a dictionary: with nothing, or with a list of pairs, as Python 2 wrote it
)

// A GlobalError is a pickle that names a function or class which is not on the list.
type GlobalError struct{ Global Global }

func (e *GlobalError) Error() string {
	return fmt.Sprintf("it names %.100q, which is not among the few functions and classes that tensors need", e.Global)
}

// A CallError is a pickle that calls what may only be named, or something that is not a function. Function is a description, with no name
// but those of the caller's list.
type CallError struct{ Function string }

func (e *CallError) Error() string {
	return fmt.Sprintf("it calls %s, which is not a function that makes a tensor", e.Function)
}

// A StateError is a pickle that sets the state of an object which is not a dictionary's attributes. Of is a description like CallError's.
type StateError struct{ Of string }

func (e *StateError) Error() string {
	return fmt.Sprintf("it sets the state of %s, and only a dictionary may have one", e.Of)
}

// An OpcodeError is an instruction that is not read.
type OpcodeError struct{ Code byte }

func (e *OpcodeError) Error() string {
	return fmt.Sprintf("its instruction 0x%02x is not among those that tensors need", e.Code)
}

// describe names a value for errors.
func describe(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case Global:
		return v.String()
	case *Call:
		return "what " + v.Function.String() + " returns"
	case string:
		return "a text"
	case Tuple:
		return "a tuple"
	case *List:
		return "a list"
	case *Dict:
		return "a dictionary"
	case Persistent:
		return "an object outside of the pickle"
	}
	return "a number"
}
