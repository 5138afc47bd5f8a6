//go:build !(linux && amd64)

package main

import "errors"

func bringCUDA(string, string) error {
	return errors.New("NVIDIA's plugins exist for linux/amd64 only")
}
