package keep

import (
	"math/rand"
	"reflect"
	"testing"
	"testing/quick"

	"github.com/headstart-nb/headstart/nbhelpers/keep/keeptest"
)

func TestRandomValues(t *testing.T) {
	type values struct {
		A map[string][]map[int8][2]bool
		B []*struct {
			X complex64
			Y [3][]string
			Z map[[2]uint16]*float32
		}
		C struct {
			D ***int
			E []map[string]struct{}
			F [0]int
			G [][][]byte
		}
		H map[float64]float32
	}
	random := rand.New(rand.NewSource(22))
	for range 50 {
		value, ok := quick.Value(reflect.TypeFor[values](), random)
		if !ok {
			t.Fatal("quick makes no value")
		}
		want := value.Interface().(values)
		got := roundTrip(t, want, options())
		keeptest.Same(t, want, got)
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("got %#v, want %#v", got, want)
		}
	}
}
