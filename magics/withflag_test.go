package magics_test

import (
	"testing"

	"github.com/headstart-nb/headstart/magics"
)

func TestWithFlag(t *testing.T) {
	for _, c := range []struct{ line, flag, value, want string }{
		{"", "epochs", "3", " --epochs=3"},
		{" --lr 0.1", "epochs", "3", " --lr 0.1 --epochs=3"},
		{" --epochs 10 --lr 0.1", "epochs", "3", " --epochs=3 --lr 0.1"},
		{" --epochs=10 --lr 0.1 --epochs 4 ", "epochs", "3", " --epochs=3 --lr 0.1 "},
		{" --augment 'flip, crop' x", "augment", "a b", " --augment='a b' x"},
		{" --epochs-max 5", "epochs", "3", " --epochs-max 5 --epochs=3"},
		{" --name '--epochs 10'", "epochs", "3", " --name '--epochs 10' --epochs=3"},
		{" --lr -0.5 x", "lr", "1", " --lr=1 x"},
		// The output of the magic goes elsewhere.
		{" --json | jq .accuracy", "epochs", "3", " --json --epochs=3 | jq .accuracy"},
		{" | cat --epochs 4", "epochs", "3", " --epochs=3 | cat --epochs 4"},
		{" > report.txt", "epochs", "3", " --epochs=3 > report.txt"},
		{" --json => report", "epochs", "3", " --json --epochs=3 => report"},
		{" '|' a", "epochs", "3", " '|' a --epochs=3"},
		{" a -- b", "epochs", "3", " a --epochs=3 -- b"},
		// Lines go on.
		{" \\\n  --lr 0.1", "epochs", "3", " \\\n  --lr 0.1 --epochs=3"},
		{" \\\n  --epochs \\\n  10 \\\n  --lr 0.1", "epochs", "3", " \\\n  --epochs=3 \\\n  --lr 0.1"},
		// A switch takes no word, nor is a flag the value of another one.
		{" --explain cat.jpg", "explain", "false", " --explain=false cat.jpg"},
		{" --verbose --lr 0.1", "verbose", "2", " --verbose=2 --lr 0.1"},
		{" --json | cat", "json", "x", " --json=x | cat"},
		{" 'a", "epochs", "3", " 'a --epochs=3"},
	} {
		if got := magics.WithFlag(c.line, c.flag, c.value); got != c.want {
			t.Errorf("%q with %s=%s: %q, want %q", c.line, c.flag, c.value, got, c.want)
		}
	}
}
