package install

import (
	"context"
	"io"
	"path/filepath"

	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// Uninstall removes what Install put in place, and what a killed one left behind. Files that others added stay, and so do
// the folders they are in. It is not an error if nothing is installed.
func Uninstall(ctx context.Context, place Place, python string, dryRun bool, w io.Writer) error {
	log := newProgress(w)
	layout, err := NewLayout(ctx, place, python)
	if err != nil {
		return err
	}
	if err := belongsToPip(layout, "uninstall from"); err != nil {
		return err
	}
	if !exists(layout.Root) {
		if !dryRun {
			layout.site().RemoveEmpty()
		}
		log.line("nothing is installed in %s", layout.Root)
		return nil
	}
	installed, err := readManifest(layout)
	if err != nil {
		return err
	}
	keep := foreignSpecs(installed, layout, log)
	if dryRun {
		for _, file := range installed.Files {
			if !keep[file] {
				log.line("would remove %s", file)
			}
		}
		leaveAlone(installed.Foreign, layout, log)
		return nil
	}
	tx, err := begin(ctx, layout, nil, log) // removes leftovers
	if err != nil {
		return err
	}
	defer tx.Discard()
	leaveAlone(installed.Foreign, layout, log)
	files, left, err := tx.Uninstall(keep)
	log.line("removed %d files and folders from %s and %s", files, layout.Root, layout.Share)
	for _, path := range left {
		log.line("could not be removed, to do by hand: %s", path)
	}
	return command.ExplainStep(err)
}

// foreignSpecs are the installed files of kernelspecs that are no longer the installation's.
func foreignSpecs(installed transaction.Manifest, layout Layout, log *progress) map[string]bool {
	keep := map[string]bool{}
	for _, file := range installed.Files {
		program, foreign := (&kernelspec{layout: layout}).foreign(file)
		keep[file] = foreign
		if foreign && filepath.Base(file) == specName {
			log.line("leaving the kernelspec %s alone: it starts %s, which is not of the installation in %s", filepath.Dir(file), program, layout.Root)
		}
	}
	return keep
}

// leaveAlone says which entries of a manifest are not touched.
func leaveAlone(foreign []string, layout Layout, log *progress) {
	for _, path := range foreign {
		log.line("leaving %q alone: the list of installed files names it, and it is not below %s", path, layout.Prefix)
	}
}
