package graph

import (
	"fmt"
	"reflect"
)

// A Variable is a package-level variable of the program.
type Variable struct {
	Name    string
	Type    string // as the cell's source says it, for listings
	Pointer any    // *T
}

// Valid checks what the caller says about a variable, and returns its type.
func (v Variable) Valid() (reflect.Type, error) {
	t := reflect.TypeOf(v.Pointer)
	if v.Name == "" || t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(v.Pointer).IsNil() {
		return nil, fmt.Errorf("variable %q: Pointer must be a pointer to it, got %T", v.Name, v.Pointer)
	}
	return t.Elem(), nil
}

// A Loss is a variable, or a part of it, that was not loaded or not saved.
type Loss struct {
	Name   string // of the variable; empty when the whole store is concerned
	Path   string // to the part: client.conn
	Reason string // *net.TCPConn cannot be kept

	Changed bool // it was kept as a type that has another structure now
}

// String returns path and reason as one clause.
func (l Loss) String() string {
	if l.Path == "" {
		return l.Reason
	}
	return l.Path + ": " + l.Reason
}
