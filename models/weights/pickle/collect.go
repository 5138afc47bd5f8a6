package pickle

import (
	"fmt"
	"slices"
)

// collect reads the instructions of tuples, lists and dictionaries.
func (m *machine) collect(code byte) (bool, error) {
	switch code {
	case '(': // MARK
		m.marks = append(m.marks, len(m.stack))
		return true, m.count(1)
	case 't': // TUPLE
		list, err := m.marked()
		if err != nil {
			return true, err
		}
		return true, m.push(Tuple(slices.Clone(list)))
	case 0x85, 0x86, 0x87: // TUPLE1 to TUPLE3
		n := int(code) - 0x84
		if len(m.stack)-m.floor() < n {
			return true, errStack
		}
		list := slices.Clone(m.stack[len(m.stack)-n:])
		m.stack = m.stack[:len(m.stack)-n]
		return true, m.push(Tuple(list))
	case 'l': // LIST
		list, err := m.marked()
		if err != nil {
			return true, err
		}
		return true, m.push(&List{Items: slices.Clone(list)})
	case 'd': // DICT
		list, err := m.marked()
		if err != nil {
			return true, err
		}
		d := &Dict{}
		if err := d.addAll(list); err != nil {
			return true, err
		}
		return true, m.push(d)
	case 'a', 'e': // APPEND, APPENDS
		return true, m.append(code == 'e')
	case 's', 'u': // SETITEM, SETITEMS
		return true, m.set(code == 'u')
	}
	return false, nil
}

// append adds one value, or all above the last mark, to the list below.
func (m *machine) append(many bool) error {
	list, err := m.items(many, 1)
	if err != nil {
		return err
	}
	below, err := m.top()
	if err != nil {
		return err
	}
	to, ok := below.(*List)
	if !ok {
		return fmt.Errorf("it appends to %s", describe(below))
	}
	to.Items = append(to.Items, list...)
	return nil
}

// set adds one entry, or all above the last mark, to the dictionary below.
func (m *machine) set(many bool) error {
	list, err := m.items(many, 2)
	if err != nil {
		return err
	}
	below, err := m.top()
	if err != nil {
		return err
	}
	to, ok := below.(*Dict)
	if !ok {
		return fmt.Errorf("it sets a key of %s", describe(below))
	}
	return to.addAll(list)
}

// items takes n values from the stack, or all above the last mark. They are to be used before the next push.
func (m *machine) items(marked bool, n int) ([]Value, error) {
	if marked {
		return m.marked()
	}
	if len(m.stack)-m.floor() < n {
		return nil, errStack
	}
	list := m.stack[len(m.stack)-n:]
	m.stack = m.stack[:len(m.stack)-n]
	return list, nil
}

// addAll adds keys and values that take turns.
func (d *Dict) addAll(list []Value) error {
	if len(list)%2 != 0 {
		return fmt.Errorf("%d values are no pairs of keys and values", len(list))
	}
	for i := 0; i < len(list); i += 2 {
		if err := d.add(list[i], list[i+1]); err != nil {
			return err
		}
	}
	return nil
}
