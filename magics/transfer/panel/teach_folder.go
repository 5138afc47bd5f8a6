package panel

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/models/imagefolder/capture"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/teaching"
)

// mostOfClass bounds the images of a class that teachFolder adds: the latest. A mean of features changes little beyond.
const mostOfClass = 200

// teachFolder puts the images of a folder in the place of what was taught. Excluded ones are left out.
func (p *Panels) teachFolder(ctx context.Context, asked teachRequest) (*teachAnswer, error) {
	if asked.Folder == "" {
		return nil, errors.New("answer the teaching panel: the folder is missing")
	}
	path, err := homepath.Expand(asked.Folder)
	if err != nil {
		return nil, err
	}
	folder, err := capture.Open(path)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	classes, _, err := folder.Classes()
	if err != nil {
		return nil, err
	}
	if err := p.lab.ForgetTaught(asked.Model); err != nil && !errors.As(err, new(*teaching.NothingTaughtError)) {
		return nil, err
	}
	for _, class := range classes {
		images, err := imagesOfClass(folder, class.Name)
		if err != nil {
			return nil, err
		}
		if len(images) == 0 {
			continue
		}
		if _, err := p.lab.Teach(ctx, lab.TeachOptions{Model: asked.Model, Class: class.Name, Images: images}); err != nil {
			return nil, err
		}
	}
	answer := &teachAnswer{}
	return answer, p.describeTaught(asked.Model, answer)
}

// imagesOfClass reads the latest images of a class. A file that cannot be read is left out: the panel that shows the folder leaves it out as
// well.
func imagesOfClass(folder *capture.Folder, class string) ([]input.Image, error) {
	names, err := folder.Latest(class, mostOfClass)
	if err != nil {
		return nil, fmt.Errorf("teach the images of %s: %w", class, err)
	}
	var images []input.Image
	for _, name := range names {
		data, err := folder.Read(name)
		if err != nil {
			continue
		}
		if pixels, err := imageio.Decode(data, imageio.Limits{}); err == nil {
			images = append(images, input.Image{Name: name, Pixels: pixels})
		}
	}
	return images, nil
}
