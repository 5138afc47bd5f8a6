package lab

import (
	"context"
	"errors"
	"testing"

	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// Two processes that begin a training in the same second would give it the same name, and one of them would fail.
func TestOneProcessChoosesANameAtATime(t *testing.T) {
	home, dir := t.TempDir(), photos(t, 8)
	one, other := prepared(t, home, dir), prepared(t, home, dir)
	if _, err := other.Device(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorded, err := one.naming(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end() // so that it does not wait
	o := TrainOptions{Recipe: recipe.DefaultRecipe(), Cell: "%train"}
	o.Recipe.Epochs = 1
	if r, err := other.Train(ended, o); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("while one process has a name that is not on disk yet, another began %v, %v", r, err)
	}
	train(t, other, "asked-for", 1)
	recorded()
	chosen := train(t, other, "", 1)
	if _, err := one.StoredRun(chosen.Name); err != nil {
		t.Errorf("the run %s: %v", chosen.Name, err)
	}
	again, err := one.naming(ended, false)
	if err != nil {
		t.Fatalf("the name of a run that has ended is still being chosen: %v", err)
	}
	again()
}
