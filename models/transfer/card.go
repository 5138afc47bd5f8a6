package transfer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
)

// Card is the model card in Markdown. Names from the dataset are escaped: they come from strangers' folders.
func (m *Model) Card(figures []string) string {
	var b strings.Builder
	p, id := m.Provenance, m.Provenance.Backbone
	fmt.Fprintf(&b, "# %s\n\n", escape(m.Name))
	fmt.Fprintf(&b, "An image model for %d outputs (%s task), trained by transfer learning on features of %s.\n\n", len(m.Classes), m.Task,
		escape(id.Architecture))
	if !id.Trained {
		b.WriteString("The backbone has random weights: nothing was transferred.\n\n")
	}
	b.WriteString("## Classes\n\n")
	for i, class := range m.Classes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, escape(class))
	}
	b.WriteString("\n## What it was made of\n\n| | |\n|---|---|\n")
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	row("Backbone", "%s, cut at %s, pooling %s", escape(id.Architecture), id.Cut, id.Pool)
	row("Weights", "%s, SHA-256 `%s`", escape(id.Weights), id.WeightsDigest)
	row("Images", "%d x %d pixels (%s), %s preprocessing", id.Geometry.Size, id.Geometry.Size, id.Geometry.Method, id.Preprocess)
	row("Head", "`%s`, then %d outputs", m.Head, len(m.Classes))
	row("Fine-tuned", "%s", m.fineTuned())
	row("Dataset", "%s, %d images, digest `%s`", escape(p.Dataset), len(p.Files), p.DatasetDigest)
	s := p.Settings
	row("Training", "%d epochs, batch %d, %s at %g, schedule %s, seed %d", s.Epochs, s.Batch, s.Optimizer, s.LearningRate, s.Schedule, s.Seed)
	row("Made", "%s on %s", p.Created.Format("2006-01-02 15:04 MST"), p.Device)
	if best := m.History.Best(); best != nil {
		b.WriteString("\n## Results\n\n| | loss | accuracy |\n|---|---|---|\n")
		fmt.Fprintf(&b, "| training, epoch %d | %.4f | %.4f |\n", best.Epoch, best.Loss, best.Accuracy)
		fmt.Fprintf(&b, "| validation | %.4f | %.4f |\n", best.ValLoss, best.ValAccuracy)
	}
	slices.Sort(figures)
	for _, figure := range figures {
		fmt.Fprintf(&b, "\n![%s](%s)\n", strings.TrimSuffix(figure, ".png"), figure)
	}
	b.WriteString("\n## Limits\n\nIt knows the classes above alone, and gives every image one of them. Validation images came from the " +
		"same folder as the training images: on images taken otherwise it may do worse.\n")
	b.WriteString("\n`headstart verify` repeats the training and compares the numbers.\n")
	return b.String()
}

// escape makes a name plain text in Markdown, on one line.
func escape(name string) string {
	var b strings.Builder
	for _, r := range imagefolder.Printable(name) {
		if strings.ContainsRune("\\`*_{}[]<>()#+!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
