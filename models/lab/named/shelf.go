// Package named keeps things by their names.
package named

import "slices"

// A Shelf holds named things in the order in which they were last put there; the last is the current one.
type Shelf[T any] struct {
	order []string
	items map[string]T
}

// Put puts a thing there as the current one, and returns the one of that name before.
func (s *Shelf[T]) Put(name string, item T) (replaced T) {
	if s.items == nil {
		s.items = map[string]T{}
	}
	replaced = s.items[name]
	s.order = append(slices.DeleteFunc(s.order, func(n string) bool { return n == name }), name)
	s.items[name] = item
	return replaced
}

// Raise makes the item of a name the current one.
func (s *Shelf[T]) Raise(name string) {
	if _, ok := s.items[name]; ok {
		s.order = append(slices.DeleteFunc(s.order, func(n string) bool { return n == name }), name)
	}
}

// Drop takes the item of a name away.
func (s *Shelf[T]) Drop(name string) {
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
	delete(s.items, name)
}

// Get returns the item of a name; an empty name is the current one.
func (s *Shelf[T]) Get(name string) (item T, ok bool) {
	if name == "" && len(s.order) > 0 {
		name = s.order[len(s.order)-1]
	}
	item, ok = s.items[name]
	return item, ok
}

// Rename gives an item another name, where there is one, and leaves it in its place.
func (s *Shelf[T]) Rename(name, to string) {
	at := slices.Index(s.order, name)
	if at < 0 {
		return
	}
	s.order[at] = to
	s.items[to] = s.items[name]
	delete(s.items, name)
}

// DropOldest takes the oldest item away where there are more than limit.
func (s *Shelf[T]) DropOldest(limit int) (dropped T, ok bool) {
	if len(s.order) <= limit {
		return dropped, false
	}
	name := s.order[0]
	dropped = s.items[name]
	s.order = s.order[1:]
	delete(s.items, name)
	return dropped, true
}

// Names lists the names, the current one last.
func (s *Shelf[T]) Names() []string { return slices.Clone(s.order) }

// All lists the things, the current one last.
func (s *Shelf[T]) All() []T {
	list := make([]T, 0, len(s.order))
	for _, name := range s.order {
		list = append(list, s.items[name])
	}
	return list
}
