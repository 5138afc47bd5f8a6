package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// removing begins the name of a folder that is being removed. It names no run, so that half a run is never listed.
const removing = ".removing-"

// Remove removes a run with all that is in it. A run that another process works on stays: ErrBusy.
func Remove(root, name string) error {
	d, err := Open(root, name)
	if err != nil {
		return fmt.Errorf("remove the run: %w", err)
	}
	gone := filepath.Join(root, removing+name)
	err = os.RemoveAll(gone) // of an attempt that was cut
	if err == nil {
		err = os.Rename(d.path, gone)
	}
	if err == nil {
		err = os.RemoveAll(gone)
	}
	if err := errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("remove run %s: %w", name, err)
	}
	return nil
}

// Rename gives a run another name. A run that another process works on keeps its own: ErrBusy. A name that is taken is
// fs.ErrExist.
func Rename(root, name, to string) error {
	if err := CheckName(to); err != nil {
		return err
	}
	d, err := Open(root, name)
	if err != nil {
		return fmt.Errorf("rename the run: %w", err)
	}
	err = os.Rename(d.path, filepath.Join(root, to)) // which refuses a folder that is there
	if err := errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("rename run %s to %s: %w", name, to, err)
	}
	return nil
}

// Keep removes all checkpoints but the newest ones.
func (d *Dir) Keep(newest int) error {
	epochs, err := d.epochs()
	if err != nil {
		return err
	}
	for len(epochs) > newest {
		if err := os.Remove(d.checkpoint(epochs[0])); err != nil {
			return fmt.Errorf("remove an old checkpoint: %w", err)
		}
		epochs = epochs[1:]
	}
	return nil
}

// Size is how many bytes the checkpoints of a run take; 0 where they cannot be read.
func Size(root, name string) int64 {
	d := &Dir{path: filepath.Join(root, name)}
	epochs, err := d.epochs()
	if err != nil {
		return 0
	}
	var total int64
	for _, epoch := range epochs {
		if info, err := os.Lstat(d.checkpoint(epoch)); err == nil && info.Mode()&fs.ModeType == 0 {
			total += info.Size()
		}
	}
	return total
}
