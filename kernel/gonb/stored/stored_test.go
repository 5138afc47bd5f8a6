package stored

import (
	"go/parser"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

func TestDeclarations(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home", "variables")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if known, err := s.Declarations(); err != nil || len(known) != 0 {
		t.Fatalf("%v, %v", known, err)
	}
	x, y := 5, "text"
	for _, v := range []keep.Variable{{Name: "x", Type: "int", Pointer: &x}, {Name: "y", Type: "string", Pointer: &y}} {
		added := map[string]program.Variable{Key(v.Name, v.Type): {Name: v.Name, Type: v.Type}}
		if err := s.Declare(t.Context(), added); err != nil {
			t.Fatal(err)
		}
		if losses := s.Store.Save(v); len(losses) > 0 {
			t.Fatal(losses)
		}
	}
	if known, err := s.Declarations(); err != nil || len(known) != 2 || known[Key("x", "int")].Type != "int" {
		t.Errorf("%v, %v", known, err)
	}
	if err := s.Store.Drop("x"); err != nil {
		t.Fatal(err)
	}
	if err := s.Declare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if known, err := s.Declarations(); err != nil || len(known) != 1 || known[Key("y", "string")].Name != "y" {
		t.Errorf("after a drop: %v, %v", known, err)
	}
	if err := os.WriteFile(filepath.Join(dir, declarationsFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Declarations(); err == nil || !strings.Contains(err.Error(), declarationsFile) {
		t.Errorf("a damaged file: %v", err)
	}
}

func TestOwnTypes(t *testing.T) {
	for text, want := range map[string][]string{
		"int": nil, "photo": {"photo"}, "map[string][]*photo": {"photo"}, "image.Rectangle": nil, "map[key]value": {"key", "value"},
		"struct{ photo int; other album }": {"album"}, "func(photo) (n int, err error)": {"photo"}, "interface{ Area(unit) float64 }": {"unit"},
		"pair[photo, image.Point]": {"pair", "photo"},
	} {
		expression, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := OwnTypes(expression); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
