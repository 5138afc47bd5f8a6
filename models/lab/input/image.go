// Package input finds the images that a model is asked about.
package input

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// An Image is one image to predict: a file, or pixels that a Go cell handed over.
type Image struct {
	Name   string // for people
	File   string // empty for pixels
	Pixels imageio.RGB
	Truth  string // the true class; empty where it is unknown

	Limits imageio.Limits // of what is decoded of File; zero: imageio's default
}

// Resized are the image's pixels in a geometry, [size, size, 3].
func (i Image) Resized(geometry imageio.Geometry) ([]uint8, error) {
	if i.File == "" {
		return i.Scaled(geometry), nil
	}
	data, err := imageio.ReadFile(i.File)
	if err != nil {
		return nil, err
	}
	pixels := make([]uint8, geometry.Bytes())
	return pixels, imageio.At(pixels, data, geometry, i.Limits)
}

// Scaled are the pixels of an image that is in no file, in a geometry.
func (i Image) Scaled(geometry imageio.Geometry) []uint8 {
	pixels := make([]uint8, geometry.Bytes())
	i.Pixels.Resize(pixels, geometry)
	return pixels
}

// Read decodes the image in a geometry.
func (i Image) Read(geometry imageio.Geometry) (*features.Image, error) {
	if i.File != "" {
		return features.ReadImage(i.File, geometry, i.Limits)
	}
	return features.NewImage(i.Scaled(geometry)), nil
}

// Ahead is how many images are decoded and held in memory at once.
const Ahead = 64

// OfCells are images as they come from a Go cell.
func OfCells(images []warm.Image) ([]Image, error) {
	list := make([]Image, 0, len(images))
	for n, p := range images {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("image %d: %w", n+1, err)
		}
		list = append(list, Image{
			Name: cmp.Or(p.Name, p.File, fmt.Sprintf("image %d", n+1)), File: p.File,
			Pixels: imageio.RGB{Width: p.Width, Height: p.Height, Pix: p.RGB},
		})
	}
	return list, nil
}

// ErrNoFile marks a path at which nothing is.
var ErrNoFile = errors.New("no such file or folder; paths are relative to the current folder")

// Find lists a file, or all files of a folder that may be images.
func Find(path string) ([]Image, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoFile
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []Image{{Name: filepath.Base(path), File: path}}, nil
	}
	var list []Image
	root := path + string(filepath.Separator) // what is named may be a link to a folder, which WalkDir does not follow without
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && file != root && imagefolder.Ignored(entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && entry.Type().IsRegular() {
			list = append(list, Image{Name: filepath.Base(file), File: file})
		}
		return err
	})
	return list, err
}
