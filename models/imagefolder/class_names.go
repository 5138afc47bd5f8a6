package imagefolder

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// describeClassNames warns of classes that a person cannot tell apart or would not expect in that order.
func (d *Dataset) describeClassNames() {
	var twins []string
	first := map[string]string{}
	for _, class := range d.Classes {
		key := strings.ToLower(norm.NFKC.String(strings.TrimSpace(class)))
		other, ok := first[key]
		if !ok {
			first[key] = class
			continue
		}
		if norm.NFC.String(other) == norm.NFC.String(class) {
			// Two names that look the same are shown by their code points.
			twins = append(twins, fmt.Sprintf("%+q and %+q", other, class))
		} else {
			twins = append(twins, phrase.Printable(other)+" and "+phrase.Printable(class))
		}
	}
	if twins != nil {
		d.tell(diagnosis.Warning, CodeClassNames, nil, "Put their images into one folder, or rename one of them.",
			"Classes whose names are the same but for case, spaces or the coding of accents: %s.", phrase.Listed(twins))
	}
	if len(d.Options.Classes) == 0 && !slices.IsSortedFunc(d.Classes, compareNumbers) && allNumbers(d.Classes) {
		d.tell(diagnosis.Note, CodeClassNames, nil, "Pad the numbers with zeros (02) for the order of numbers.",
			"The classes are in the order of text, not of numbers, as in Keras: %s.", phrase.Listed(d.Classes))
	}
}

// compareNumbers orders names of digits: a longer one is larger.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func allNumbers(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return strings.Trim(name, digits) != "" })
}
