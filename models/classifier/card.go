package classifier

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// Card is the model card in Markdown. Names from the dataset are escaped: they come from strangers' folders.
func (m *Model) Card(figures []string) string {
	var b strings.Builder
	p, id := m.Provenance, m.Provenance.Backbone
	fmt.Fprintf(&b, "# %s\n\n", phrase.Markdown(m.Name))
	if m.published() {
		fmt.Fprintf(&b, "An image model for the %d classes of ImageNet: %s with the classifier that its weights were published with.\n\n",
			len(m.Classes), phrase.Markdown(id.Name()))
	} else {
		fmt.Fprintf(&b, "An image model for %d outputs (%s task), trained by transfer learning on features of %s.\n\n", len(m.Classes), m.Task,
			phrase.Markdown(id.Name()))
	}
	if !id.Weights.Trained {
		b.WriteString("The backbone has random weights: nothing was transferred.\n\n")
	}
	b.WriteString("## Classes\n\n")
	for i, class := range m.Classes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, phrase.Markdown(class))
	}
	b.WriteString("\n## What it was made of\n\n| | |\n|---|---|\n")
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	cut := id.Cut()
	if id.Output != "" { // a name of the file's own
		cut = phrase.Markdown(cut)
	}
	row("Backbone", "%s, cut at %s, pooling %s", phrase.Markdown(id.Name()), cut, id.Architecture.Pool)
	row("Weights", "%s, SHA-256 `%s`", phrase.Markdown(id.Weights.String()), id.Weights.SHA256)
	row("Images", "%d x %d pixels (%s, %s decoding), %s preprocessing", id.Geometry.Size, id.Geometry.Size, id.Geometry.Method,
		cmp.Or(id.Geometry.Decode, imageio.Exact), id.Architecture.Preprocess)
	row("Head", "`%s`, then %d outputs", m.Head(), len(m.Classes))
	if !m.published() {
		m.trainingRows(row)
	}
	row("Made", "%s on %s", p.Created.Format("2006-01-02 15:04 MST"), p.Device)
	if best := m.Kept(); best != nil {
		b.WriteString("\n## Results\n\n| | loss | " + m.Task.Quantity() + " |\n|---|---|---|\n")
		fmt.Fprintf(&b, "| training, epoch %d | %.4f | %.4f |\n", best.Epoch, best.Loss, best.Accuracy)
		if best.Validated() {
			fmt.Fprintf(&b, "| validation | %.4f | %.4f%s |\n", best.ValLoss, best.ValAccuracy, m.interval(best.ValAccuracy))
		}
	}
	slices.Sort(figures)
	for _, figure := range figures {
		fmt.Fprintf(&b, "\n![%s](%s)\n", strings.TrimSuffix(figure, ".png"), figure)
	}
	b.WriteString("\n## Limits\n\nIt knows the classes above alone, and gives every image one of them.")
	switch {
	case m.published():
	case m.taught():
		b.WriteString(" No image was held out: how often it is right on others is not known.\n")
	case m.Provenance.Recipe.Method == recipe.MethodRows:
		b.WriteString(" Validation images came from the same file of features as the training images: on images taken otherwise it may do worse.\n")
	default:
		b.WriteString(" Validation images came from the same folder as the training images: on images taken otherwise it may do worse.\n" +
			"\n`headstart verify` repeats the training and compares the numbers.")
	}
	return b.String() + "\n"
}

// trainingRows are the card's rows of what was trained, on what.
func (m *Model) trainingRows(row func(name, format string, args ...any)) {
	p := m.Provenance
	row("Fine-tuned", "%s", m.fineTuned())
	r := p.Recipe
	if cut := m.Backbone().Cut(); r.FrozenLogits != 0 && len(cut) > 1 {
		row("Added", "the logits of a classifier on %s, which stayed frozen, with a weight of %g", cut[0], r.FrozenLogits)
	}
	if m.taught() {
		row("Training", "nearest centroid, taught %d images, one after another", len(p.Files))
		return
	}
	if r.Method == recipe.MethodRows && len(p.Files) == 0 { // too many to be listed
		row("Dataset", "%s, digest `%s`", phrase.Markdown(p.Dataset), p.DatasetDigest)
	} else {
		row("Dataset", "%s, %d images, digest `%s`", phrase.Markdown(p.Dataset), len(p.Files), p.DatasetDigest)
	}
	if s := m.Selection; s != nil {
		row("Chosen", "%s", phrase.Markdown(s.Summary()))
	}
	if s := m.Selection; s != nil && r.Method != recipe.MethodFinetune {
		row("Training", "logistic regression or centroids to convergence, temperature %.3g, seed %d", s.Choice().Temperature, r.Seed)
		return
	}
	row("Training", "%d epochs, batch size %d, %s at %g, schedule %s, seed %d", r.Epochs, r.BatchSize, r.Optimizer, r.LearningRate, r.Schedule,
		r.Seed)
}

// interval is the 95 % interval of a validation accuracy, where it is of few images.
func (m *Model) interval(accuracy float64) string {
	n := 0
	for _, f := range m.Provenance.Files {
		if f.Split == imagefolder.Val {
			n++
		}
	}
	if m.Task != recipe.Single || n == 0 || n >= metric.Few {
		return ""
	}
	i := metric.Wilson(accuracy, n)
	return fmt.Sprintf(" (%d images, 95 %% interval %.4f to %.4f)", n, i.Low, i.High)
}

// fineTuned says for the card what was trained of the backbone, by what moved and not by what was asked for.
func (m *Model) fineTuned() string {
	if m.Unfrozen() == "" {
		return "none: the backbone stayed frozen"
	}
	var moved []string
	first := resnet.Stage("")
	for _, c := range m.Changes {
		if c.Relative < network.Unchanged {
			continue
		}
		if first == "" {
			first = c.Stage
		}
		moved = append(moved, fmt.Sprintf("%s %.2g %%", c.Stage, 100*c.Relative))
	}
	if moved == nil {
		return fmt.Sprintf("none: unfrozen from %s, but no weight of the backbone changed", m.Unfrozen())
	}
	return fmt.Sprintf("from %s; the weights changed by: %s", first, strings.Join(moved, ", "))
}
