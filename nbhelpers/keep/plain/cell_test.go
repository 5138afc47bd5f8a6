package plain

import "testing"

func TestTheFirstUseIsNamed(t *testing.T) {
	variables := []Variable{{Name: "a", Use: "12:3"}, {Name: "b", Use: "4:20"}, {Name: "c", Use: "4:3"}, {Name: "d"}}
	for want, lost := range map[string][]Loss{
		"a": {{Name: "a"}, {Name: "d"}},
		"b": {{Name: "a"}, {Name: "b"}},
		"c": {{Reason: "no variable can be read"}},
		"":  {{Name: "d"}, {Name: "unknown"}},
	} {
		first, used := firstUse(variables, lost)
		if used.Name != want || (first < 0) != (want == "") {
			t.Errorf("of %v the first is %q, loss %d; want %q", lost, used.Name, first, want)
		}
	}
}
