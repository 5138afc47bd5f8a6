package board

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/metric"
)

// describe says in Markdown what a run was: whoever finds the curves months later has no notebook beside them.
func describe(c runstatus.Card) string {
	var b strings.Builder
	b.WriteString("| | |\n|---|---|\n")
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", phrase.Markdown(name), phrase.Markdown(value))
		}
	}
	row("run", fmt.Sprintf("%s: %s", c.ID, c.Status))
	row("dataset", fmt.Sprintf("%s: %d images to train, %d to validate", c.Dataset, c.TrainImages, c.ValImages))
	switch v := c.ValAccuracy; {
	case v != nil && c.Choice != nil:
		row("validation accuracy", metric.Percent(*v, c.AccuracyImages())+", measured once")
	case v != nil:
		row("validation accuracy", fmt.Sprintf("%s of the weights that are kept, of epoch %d", metric.Percent(*v, c.AccuracyImages()), c.Best))
	}
	row("chosen", c.ChoiceSummary)
	row("device", c.Backend)
	for _, f := range c.Facts {
		row(f.Name, f.Value)
	}
	row("error", c.Error)
	if c.Cell != "" {
		b.WriteString("\n    " + strings.ReplaceAll(strings.TrimSpace(c.Cell), "\n", "\n    ") + "\n")
	}
	return b.String()
}
