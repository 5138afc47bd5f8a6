package transfer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// facts are where a run's numbers come from, as far as the card of a run has no line of its own for it.
func facts(backbone training.Identity, digest string, seed int64, flags []string) []figure.RunFact {
	a := backbone.Architecture
	return slices.DeleteFunc([]figure.RunFact{
		{Name: "backbone", Value: fmt.Sprintf("%s, %s, %s, %s", a.Name(), a.Cut, a.Pool, a.Preprocess)},
		{Name: "weights", Value: backbone.Weights.String()},
		{Name: "weights sha256", Value: backbone.Weights.SHA256},
		{Name: "dataset sha256", Value: digest},
		{Name: "seed", Value: strconv.FormatInt(seed, 10)},
		{Name: "flags", Value: strings.Join(flags, " ")},
	}, func(f figure.RunFact) bool { return f.Value == "" })
}

// versionFacts are the programs that took part, by name.
func versionFacts(versions map[string]string) []figure.RunFact {
	var list []figure.RunFact
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		list = append(list, figure.RunFact{Name: name, Value: versions[name]})
	}
	return list
}
