//go:build linux && amd64

package main

import "github.com/gomlx/go-xla/installer"

// bringCUDA downloads the plugin with NVIDIA's libraries; the installer checks the files' hashes.
func bringCUDA(plugin, into string) error {
	return installer.CudaInstall(plugin, "latest", into, true, installer.Normal)
}
