package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/teaching"
)

// TeachSavedFlags are the choices of the command teach, which works on a folder where %teach works on a model in memory.
type TeachSavedFlags struct {
	Class        string
	Undo         bool
	Drop         string
	Limits       imageio.Limits
	Architecture string
	Model        ModelFlags // of a new model; of one that is there, the file of its weights alone
}

// Declare declares the flags but those of the model.
func (o *TeachSavedFlags) Declare(f *pflag.FlagSet) {
	f.StringVar(&o.Class, "class", "", "class of the images; a name that is new begins one")
	f.BoolVar(&o.Undo, "undo", false, "take back what the last command added")
	f.StringVar(&o.Drop, "drop", "", "class to forget, with its images")
	sharedflag.Limits(f, &o.Limits)
}

// Check refuses combinations that mean nothing.
func (o TeachSavedFlags) Check(images []string) error {
	switch {
	case o.Undo && o.Drop != "", (o.Undo || o.Drop != "") && (len(images) > 0 || o.Class != ""):
		return errors.New("teach: --undo and --drop each stand alone, without images")
	case len(images) > 0 && o.Class == "":
		return errors.New("teach: the class of the images is missing (--class NAME)")
	case len(images) == 0 && o.Class != "":
		return fmt.Errorf("teach %s: the images are missing: name files or a folder", o.Class)
	}
	return nil
}

// TeachSaved adds images to a model in a folder, or takes some back, and writes it anew; without either it shows how the model stands.
// Where something fails the folder stays as it was. Others that teach the same folder are waited for.
func (p *Presenter) TeachSaved(ctx context.Context, page output.Page, dir string, images []string, o TeachSavedFlags) (err error) {
	if dir, err = homepath.Expand(dir); err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("teach %s: %w", dir, err)
	}
	there, err := teaching.InFolder(dir)
	if err != nil {
		return err
	}
	name := filepath.Base(dir)
	if !there && len(images) == 0 {
		return &teaching.NothingTaughtError{Model: name}
	}
	changes := len(images) > 0 || o.Undo || o.Drop != ""
	if changes {
		free, err := p.holdTaught(ctx, page, dir)
		if err != nil {
			return err
		}
		defer free()
	}
	if err := p.openTaught(ctx, page, dir, o); err != nil {
		return err
	}
	var taught *teaching.Taught
	switch {
	case o.Undo || o.Drop != "":
		taught, err = p.lab.Unteach(ctx, name, o.Drop)
	case len(images) == 0:
		taught, err = p.lab.Taught(name)
	default:
		list, err := p.lab.ImagesToTeach(images, o.Limits)
		if err != nil {
			return err
		}
		if taught, err = p.lab.Teach(ctx, lab.TeachOptions{Model: name, Class: o.Class, Images: list}); err != nil {
			return err
		}
	}
	if err == nil && changes {
		err = p.lab.SaveTaught(name, dir)
	}
	if err != nil {
		return err
	}
	return showTaught(ctx, page, taught, o.Class)
}

// holdTaught keeps other processes from teaching the model of a folder until it is freed.
func (p *Presenter) holdTaught(ctx context.Context, page output.Page, dir string) (free func(), err error) {
	path := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+".teaching")
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("teach %s: %w", dir, err)
	}
	lock, err := filelock.Acquire(ctx, path, func() {
		_, _ = fmt.Fprintf(page.Stderr(), "another process teaches %s: waiting\n", dir)
	})
	if err != nil {
		return nil, fmt.Errorf("teach %s: %w", dir, err)
	}
	return func() {
		_ = os.Remove(path) // before the lock ends: who waits for it sees that, and makes another
		_ = lock.Close()
	}, nil
}

// openTaught makes the model of a folder the current one, or, before the first image, the backbone that it will have.
func (p *Presenter) openTaught(ctx context.Context, page output.Page, dir string, o TeachSavedFlags) error {
	there, err := teaching.InFolder(dir) // somebody else may have made it meanwhile
	if err != nil {
		return err
	}
	if !there {
		o.Model.Name = filepath.Base(dir) + " (backbone)"
		_, err = p.OpenModel(ctx, page, o.Architecture, o.Model)
		return err
	}
	if err := p.lab.UseDevice(ctx, o.Model.Device); err != nil {
		return err
	}
	weights := ""
	if f := o.Model.flags; f != nil && f.Changed("weights") {
		weights = o.Model.Weights
	}
	_, err = p.lab.OpenTaught(ctx, dir, "", weights)
	return err
}
