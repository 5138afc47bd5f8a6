package lab

import "slices"

// A shelf holds named things in the order in which they were last put there; the last is the current one.
type shelf[T any] struct {
	order []string
	items map[string]T
}

func (s *shelf[T]) put(name string, item T) (replaced T) {
	if s.items == nil {
		s.items = map[string]T{}
	}
	replaced = s.items[name]
	s.order = append(slices.DeleteFunc(s.order, func(n string) bool { return n == name }), name)
	s.items[name] = item
	return replaced
}

// raise makes the item of a name the current one.
func (s *shelf[T]) raise(name string) {
	if _, ok := s.items[name]; ok {
		s.order = append(slices.DeleteFunc(s.order, func(n string) bool { return n == name }), name)
	}
}

// drop takes the item of a name away.
func (s *shelf[T]) drop(name string) {
	s.order = slices.DeleteFunc(s.order, func(n string) bool { return n == name })
	delete(s.items, name)
}

// get returns the item of a name; an empty name is the current one.
func (s *shelf[T]) get(name string) (item T, ok bool) {
	if name == "" && len(s.order) > 0 {
		name = s.order[len(s.order)-1]
	}
	item, ok = s.items[name]
	return item, ok
}

// rename gives an item another name, where there is one, and leaves it in its place.
func (s *shelf[T]) rename(name, to string) {
	at := slices.Index(s.order, name)
	if at < 0 {
		return
	}
	s.order[at] = to
	s.items[to] = s.items[name]
	delete(s.items, name)
}

// dropOldest takes the oldest item away where there are more than limit.
func (s *shelf[T]) dropOldest(limit int) (dropped T, ok bool) {
	if len(s.order) <= limit {
		return dropped, false
	}
	name := s.order[0]
	dropped = s.items[name]
	s.order = s.order[1:]
	delete(s.items, name)
	return dropped, true
}

func (s *shelf[T]) names() []string { return slices.Clone(s.order) }

func (s *shelf[T]) all() []T {
	list := make([]T, 0, len(s.order))
	for _, name := range s.order {
		list = append(list, s.items[name])
	}
	return list
}
