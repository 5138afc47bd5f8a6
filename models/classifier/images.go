package classifier

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A LostImagesError is images of a training that are missing, or are not what they were.
type LostImagesError struct {
	Model   string
	Root    string   // where they were looked for
	Missing []string // relative to Root
	Changed []string
}

func (e *LostImagesError) Error() string {
	list, what := e.Missing, "missing"
	if len(list) == 0 {
		list, what = e.Changed, "changed"
	}
	return fmt.Sprintf("open the images that %s was trained on: in %s %d are missing and %d have changed, such as %s (%s)", e.Model, e.Root,
		len(e.Missing), len(e.Changed), imagefolder.Printable(list[0]), what)
}

// TrainingImages is the dataset that a model was trained on, with its splits, out of the files below a folder. Files that are
// missing or have changed are a LostImagesError.
func TrainingImages(ctx context.Context, o record.Outcome, options VerifyOptions) (*imagefolder.Dataset, error) {
	if untrainedHere(o) {
		return nil, fmt.Errorf("open the images of %s: %w", o.Name, ErrNotTrained)
	}
	if o.Provenance.Recipe.Method == recipe.MethodTaught {
		return nil, fmt.Errorf("open the images of %s: %w", o.Name, ErrTaught)
	}
	if o.Provenance.Recipe.Method == recipe.MethodRows {
		return nil, fmt.Errorf("open the images of %s: %w", o.Name, ErrRows)
	}
	v := &Verification{}
	data, err := v.recordedDataset(ctx, o, options)
	if err != nil {
		return nil, fmt.Errorf("open the images of %s: %w", o.Name, err)
	}
	if len(v.Missing)+len(v.Changed) > 0 {
		return nil, &LostImagesError{Model: o.Name, Root: data.Root, Missing: v.Missing, Changed: v.Changed}
	}
	return data, nil
}
