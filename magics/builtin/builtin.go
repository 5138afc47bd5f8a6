// Package builtin is the kernel's own magics, about the kernel itself.
package builtin

import (
	"context"
	"io/fs"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Plugins is what %plugins needs of a plugins.Manager.
type Plugins interface {
	Plugins() []plugins.Info
	Load(context.Context) error
	Restart(ctx context.Context, name string) error
	Log(name string) (string, error)
}

// Origin is who provides these magics, as a registry names it.
const Origin = "headstart"

// Config is what the magics of this package are about. A field that is missing takes its magic with it.
type Config struct {
	// Registry holds all magics, those of this package too.
	Registry *registry.Registry
	// Engine lists what the engine understands itself.
	Engine []registry.Listing
	// Plugins are the kernel's.
	Plugins Plugins
	// Versions are those of the kernel, of what runs Go cells, and of Go, in the order to show them.
	Versions func(context.Context) []Version
	// Variables are those of the engine's cells.
	Variables Variables
	// Lessons is a folder of notebooks, such as notebooks.Lessons.
	Lessons fs.FS
	// Stored are variables that outlast the kernel.
	Stored StoredVariables
	// Doctor checks the installation.
	Doctor func(context.Context) ([]diagnosis.Diagnosis, error)
}

// Magics are the magics that c has everything for.
func Magics(c Config) []magics.Magic {
	var list []magics.Magic
	if c.Registry != nil {
		list = append(list, helpMagic(c.Registry, c.Engine), timeitMagic(c.Registry), clearMagic())
	}
	if c.Plugins != nil {
		list = append(list, pluginsMagic(c.Plugins))
	}
	if c.Versions != nil {
		list = append(list, versionMagic(c.Versions))
	}
	if c.Variables != nil {
		list = append(list, varsMagic(c.Variables))
	}
	if c.Lessons != nil {
		list = append(list, lessonMagic(c.Lessons))
	}
	if c.Stored != nil && c.Variables != nil {
		list = append(list, storeMagic(c.Stored, c.Variables))
	}
	if c.Doctor != nil {
		list = append(list, doctorMagic(c.Doctor))
	}
	return list
}

// table is a bundle of a table, as text and as HTML.
func table(t sketch.Table) display.Bundle {
	return display.Bundle{Data: map[string]any{display.MIMEText: t.Text(), display.MIMEHTML: t.HTML()}}
}
