//go:build !amd64

package imageio

func laned() bool { return false }

func jpegColors(_, _, _, _, _, _ *uint8, _ int) {}

func sumLanes(_ *uint16, _, _ *uint8, _ int) {}

func widenLanes(_ *uint8, _ *uint16, _ int, _, _ uint32) {}
