package magics_test

import (
	"errors"
	"testing"

	"github.com/headstart-nb/headstart/magics"
)

func TestVariablesInLines(t *testing.T) {
	resolve := func(name string) (string, bool, error) {
		switch name {
		case "photos":
			return `/images/of "me"`, true, nil
		case "numbers":
			return "", true, errors.New("[]float64 holds no images")
		}
		return "", false, nil
	}
	for line, want := range map[string]string{
		"@photos":                       `"/images/of \"me\""`,
		"  a @photos --top 5  @photos ": `  a "/images/of \"me\"" --top 5  "/images/of \"me\"" `,
		"@val @none @":                  "@val @none @",
		"@@photos @@@x":                 "@photos @@x",
		`"@photos" '@photos' \@photos`:  `"@photos" '@photos' \@photos`,
		"a@photos hf:O/N@photos":        "a@photos hf:O/N@photos",
		"@photos --json | grep @photos": `"/images/of \"me\"" --json | grep @photos`,
		"@1 @a.b @a-b":                  "@1 @a.b @a-b",
		`@photos "open`:                 `@photos "open`,
		"":                              "",
	} {
		got, err := magics.ExpandVariables(line, resolve)
		if err != nil || got != want {
			t.Errorf("%q became %q, %v, want %q", line, got, err, want)
		}
	}
	_, err := magics.ExpandVariables("@numbers", resolve)
	if err == nil || err.Error() != "use the variable numbers: []float64 holds no images" {
		t.Error(err)
	}
}
