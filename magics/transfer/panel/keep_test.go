package panel

import "testing"

func TestEvaluationsAreForgotten(t *testing.T) {
	var e evaluations
	first := e.keep(nil)
	for range mostEvaluations {
		e.keep(nil)
	}
	if _, ok := e.get(first); ok || len(e.order) != mostEvaluations || len(e.of) != mostEvaluations {
		t.Errorf("%d evaluations are kept, the first among them: %t", len(e.of), ok)
	}
}
