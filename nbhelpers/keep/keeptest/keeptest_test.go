package keeptest

import (
	"reflect"
	"testing"
)

// The check itself has to fail on a lost share.
func TestSharingIsChecked(t *testing.T) {
	n := 1
	s := &sameness{there: map[place]uintptr{}, back: map[place]uintptr{}}
	shared, apart := []*int{&n, &n}, []*int{new(int), new(int)}
	*apart[0], *apart[1] = 1, 1
	if s.compare(reflect.ValueOf(&shared).Elem(), reflect.ValueOf(&apart).Elem(), "x") == nil {
		t.Error("a pointer that is shared and two that are not are the same")
	}
}
