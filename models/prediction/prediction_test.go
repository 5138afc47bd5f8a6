package prediction

import (
	"encoding/json"
	"testing"
)

func TestMostProbableClass(t *testing.T) {
	p := Prediction{Top: []Score{{Class: "cat", Probability: 0.75}, {Class: "dog", Index: 1, Probability: 0.25}}}
	if p.Class() != "cat" || p.Label() != "cat" || p.Probability() != 0.75 {
		t.Errorf("%v is %q, %q with %v", p, p.Class(), p.Label(), p.Probability())
	}
	if none := (Prediction{Error: "read a.jpg: no such file"}); none.Class() != "" || none.Probability() != 0 {
		t.Errorf("%v has the class %q with %v", none, none.Class(), none.Probability())
	}
}

// TestJSON holds the names that scripts read: class, never label.
func TestJSON(t *testing.T) {
	raw, err := json.Marshal(Prediction{Name: "a", Truth: "cat", Top: []Score{{Class: "cat", Probability: 0.5}}})
	if want := `{"name":"a","truth":"cat","top":[{"class":"cat","index":0,"probability":0.5}]}`; err != nil || string(raw) != want {
		t.Errorf("%s, %v; want %s", raw, err, want)
	}
}
