package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// maxValues bounds what a pickle may build: ResNet152's has 30,000 values. An instruction makes at most one, of some 100 bytes.
	maxValues = 1 << 20
	// maxProtocol is the newest version of the format.
	maxProtocol = 5
)

// ErrTooMuch is a pickle that builds more than any state dict needs.
var ErrTooMuch = fmt.Errorf("it builds more than %d values", maxValues)

// A Pickle is what was read of one.
type Pickle struct {
	Value      Value
	Length     int          // in bytes
	Persistent []Persistent // the objects outside of it, as they occur
}

// Load reads the pickle that data begins with. The globals are those that it may name.
func Load(data []byte, globals map[Global]Use) (Pickle, error) {
	m := &machine{data: data, globals: globals, memo: map[uint32]Value{}}
	for {
		at := m.at
		code, err := m.byte()
		if err != nil {
			return Pickle{}, err
		}
		if code == '.' { // STOP
			value, err := m.pop()
			if err == nil && len(m.marks) > 0 {
				err = errMark
			}
			if err != nil {
				return Pickle{}, placed(err, at)
			}
			return Pickle{Value: value, Length: m.at, Persistent: m.persistent}, nil
		}
		if err := m.step(code); err != nil {
			return Pickle{}, placed(err, at)
		}
	}
}

// machine is the state of a pickle's program. Nothing in it recurses: a value that is nested deeply costs as much as one that is not.
type machine struct {
	data    []byte
	at      int
	globals map[Global]Use
	stack   []Value
	marks   []int // lengths of the stack
	memo    map[uint32]Value
	values  int // so many were built

	persistent []Persistent
}

var (
	errStack = errors.New("its stack has too few values")
	errMark  = errors.New("its marks do not match")
)

// placed adds where an error was found.
func placed(err error, at int) error { return fmt.Errorf("at byte %d of the pickle: %w", at, err) }

// step carries out one instruction.
func (m *machine) step(code byte) error {
	if value, ok := constants(code); ok {
		return m.push(value)
	}
	if handled, err := m.number(code); handled {
		return err
	}
	if handled, err := m.text(code); handled {
		return err
	}
	if handled, err := m.remember(code); handled {
		return err
	}
	if handled, err := m.collect(code); handled {
		return err
	}
	switch code {
	case 0x80: // PROTO
		version, err := m.byte()
		if err == nil && version > maxProtocol {
			err = fmt.Errorf("the version of the format must be at most %d; got %d", maxProtocol, version)
		}
		return err
	case 0x95: // FRAME says how many bytes follow that belong together, which changes nothing
		_, err := m.take(8)
		return err
	case 'c': // GLOBAL
		return m.global(m.lines())
	case 0x93: // STACK_GLOBAL
		return m.global(m.named())
	case 'R': // REDUCE
		return m.call()
	case 'b': // BUILD
		return m.build()
	case 'Q': // BINPERSID
		id, err := m.pop()
		if err != nil {
			return err
		}
		m.persistent = append(m.persistent, Persistent{id})
		return m.push(Persistent{id})
	case '0': // POP
		_, err := m.pop()
		return err
	case 'i': // INST makes an object of a class
		module, name, err := m.lines()
		if err != nil {
			return err
		}
		return &GlobalError{Global{module, name}}
	}
	return &OpcodeError{code}
}

// constants are the values of instructions without an argument.
func constants(code byte) (Value, bool) {
	switch code {
	case 'N':
		return nil, true
	case 0x88:
		return true, true
	case 0x89:
		return false, true
	case ')':
		return Tuple{}, true
	case ']':
		return &List{}, true
	case '}':
		return &Dict{}, true
	}
	return nil, false
}

func (m *machine) byte() (byte, error) {
	if m.at >= len(m.data) {
		return 0, io.ErrUnexpectedEOF
	}
	m.at++
	return m.data[m.at-1], nil
}

// take returns the next n bytes, where there are as many.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.at) {
		return nil, io.ErrUnexpectedEOF
	}
	m.at += int(n)
	return m.data[m.at-int(n) : m.at], nil
}

// unsigned reads a number of n bytes, the lowest first.
func (m *machine) unsigned(n int) (uint64, error) {
	raw, err := m.take(uint64(n))
	if err != nil {
		return 0, err
	}
	var whole [8]byte
	copy(whole[:], raw)
	return binary.LittleEndian.Uint64(whole[:]), nil
}

// sized reads what follows its length, a number of n bytes.
func (m *machine) sized(n int) (string, error) {
	length, err := m.unsigned(n)
	if err != nil {
		return "", err
	}
	raw, err := m.take(length)
	return string(raw), err
}

func (m *machine) line() (string, error) {
	end := bytes.IndexByte(m.data[m.at:], '\n')
	if end < 0 {
		return "", io.ErrUnexpectedEOF
	}
	line := string(m.data[m.at : m.at+end])
	m.at += end + 1
	return line, nil
}

// count takes values from what a pickle may build.
func (m *machine) count(n int) error {
	if m.values += n; m.values > maxValues {
		return ErrTooMuch
	}
	return nil
}

func (m *machine) push(v Value) error {
	m.stack = append(m.stack, v)
	return m.count(1)
}

// floor is the stack's lowest place that belongs to the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (Value, error) {
	if len(m.stack) <= m.floor() {
		return nil, errStack
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

func (m *machine) top() (Value, error) {
	if len(m.stack) <= m.floor() {
		return nil, errStack
	}
	return m.stack[len(m.stack)-1], nil
}

// marked takes what is above the last mark.
func (m *machine) marked() ([]Value, error) {
	if len(m.marks) == 0 {
		return nil, errMark
	}
	at := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	list := m.stack[at:]
	m.stack = m.stack[:at]
	return list, nil
}

// remember reads the instructions of the memo.
func (m *machine) remember(code byte) (bool, error) {
	n := 0 // bytes of the place
	switch code {
	case 'q', 'h': // BINPUT, BINGET
		n = 1
	case 'r', 'j': // LONG_BINPUT, LONG_BINGET
		n = 4
	case 0x94: // MEMOIZE
		return true, m.put(uint32(len(m.memo)))
	default:
		return false, nil
	}
	index, err := m.unsigned(n)
	if err != nil {
		return true, err
	}
	if code == 'q' || code == 'r' {
		return true, m.put(uint32(index))
	}
	v, ok := m.memo[uint32(index)]
	if !ok {
		return true, fmt.Errorf("it remembers nothing as %d", index)
	}
	return true, m.push(v)
}

func (m *machine) put(index uint32) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	m.memo[index] = v
	return m.count(1)
}

// lines reads a module and a name.
func (m *machine) lines() (module, name string, err error) {
	if module, err = m.line(); err != nil {
		return "", "", err
	}
	name, err = m.line()
	return module, name, err
}

// named takes a module and a name from the stack.
func (m *machine) named() (module, name string, err error) {
	second, err := m.pop()
	if err != nil {
		return "", "", err
	}
	first, err := m.pop()
	if err != nil {
		return "", "", err
	}
	module, isModule := first.(string)
	name, isName := second.(string)
	if !isModule || !isName {
		return "", "", fmt.Errorf("a function is named by %s and %s", describe(first), describe(second))
	}
	return module, name, nil
}

func (m *machine) global(module, name string, err error) error {
	if err != nil {
		return err
	}
	g := Global{module, name}
	if _, ok := m.globals[g]; !ok {
		return &GlobalError{g}
	}
	return m.push(g)
}

// call puts what stands for a call in the place of its function and arguments.
func (m *machine) call() error {
	arguments, err := m.pop()
	if err != nil {
		return err
	}
	function, err := m.pop()
	if err != nil {
		return err
	}
	list, isTuple := arguments.(Tuple)
	g, isGlobal := function.(Global)
	if !isTuple || !isGlobal {
		return &CallError{describe(function)}
	}
	switch m.globals[g] {
	case Function:
		return m.push(&Call{Function: g, Arguments: list})
	case Dictionary:
		d := &Dict{}
		if err := m.fill(d, list); err != nil {
			return err
		}
		return m.push(d)
	}
	return &CallError{g.String()}
}

// fill fills a dictionary with the pairs that its class was called with.
func (m *machine) fill(d *Dict, arguments Tuple) error {
	if len(arguments) == 0 {
		return nil
	}
	pairs, ok := arguments[0].(*List)
	if !ok || len(arguments) > 1 {
		return errors.New("a dictionary is made of something else than a list of pairs")
	}
	if err := m.count(len(pairs.Items)); err != nil { // the same list may make many
		return err
	}
	for _, one := range pairs.Items {
		var pair []Value
		switch one := one.(type) {
		case Tuple:
			pair = one
		case *List:
			pair = one.Items
		}
		if len(pair) != 2 {
			return errors.New("a dictionary is made of something else than a list of pairs")
		}
		if err := d.add(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

// build sets a dictionary's attributes, such as the versions of a network's layers. They are not kept: nothing here needs them.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	object, err := m.top()
	if err != nil {
		return err
	}
	if _, ok := object.(*Dict); !ok {
		return &StateError{describe(object)}
	}
	if _, ok := state.(*Dict); !ok {
		return &StateError{describe(object) + " to " + describe(state)}
	}
	return nil
}
