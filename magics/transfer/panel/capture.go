package panel

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/capture"
	"github.com/headstart-nb/headstart/models/imageio"
)

// A captureRequest is what the capture panel asks: the state of a folder, after a change where there is one.
type captureRequest struct {
	Folder string `json:"folder"` // empty: only the folders of the loaded datasets are listed
	Class  string `json:"class"`  // that is added to, and whose last images are shown
	Action string `json:"action"` // "", create (the folder), class, add, exclude or undo

	Image     []byte `json:"image"`     // to add, in base64
	Recording int64  `json:"recording"` // when the button was pressed, in milliseconds since 1970
	Frame     int    `json:"frame"`     // of the recording, from 1 on
	Path      string `json:"path"`      // of the image to exclude
}

// A captureState answers it.
type captureState struct {
	Folder  string          `json:"folder"` // absolute
	Known   []string        `json:"known"`  // folders of the loaded datasets
	Classes []capture.Class `json:"classes"`
	Edits   int             `json:"edits"` // of the folder's log that stand
	Added   string          `json:"added,omitempty"`
	Latest  []panelItem     `json:"latest"` // images of the class, the latest first; left out after an addition
}

// shownLatest is how many images of the class the panel shows.
const shownLatest = 24

func (p *Panels) answerCapture(asked captureRequest) (any, error) {
	state := captureState{Known: p.knownFolders(), Classes: []capture.Class{}, Latest: []panelItem{}}
	if asked.Folder == "" {
		return state, nil
	}
	path, err := homepath.Expand(asked.Folder)
	if err != nil {
		return nil, err
	}
	open := capture.Open
	if asked.Action == "create" {
		open = capture.Create
	}
	folder, err := open(path)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	if err := p.changeFolder(folder, asked, &state); err != nil {
		return nil, err
	}
	if state.Folder, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("find the folder %s: %w", imagefolder.Printable(path), err)
	}
	if state.Classes, state.Edits, err = folder.Classes(); err != nil {
		return nil, err
	}
	if asked.Class != "" && asked.Action != "add" {
		state.Latest, err = p.latest(folder, asked.Class)
	}
	return state, err
}

// changeFolder does to a folder what a button asks.
func (p *Panels) changeFolder(folder *capture.Folder, asked captureRequest, state *captureState) error {
	switch asked.Action {
	case "", "create":
		return nil
	case "class":
		return folder.AddClass(asked.Class)
	case "add":
		p.seeing.Lock()
		defer p.seeing.Unlock()
		added, err := folder.Add(asked.Class, capture.Frame{Data: asked.Image, Recording: asked.Recording, Number: asked.Frame})
		state.Added = added
		return err
	case "exclude":
		return folder.Exclude(asked.Path)
	case "undo":
		return folder.Undo()
	}
	return fmt.Errorf("answer the capture panel: the action must be one of create, class, add, exclude, undo; got %q", asked.Action)
}

// latest are the last images of a class with their thumbnails. A file that cannot be shown is left out.
func (p *Panels) latest(folder *capture.Folder, class string) ([]panelItem, error) {
	names, err := folder.Latest(class, shownLatest)
	list := []panelItem{}
	for _, name := range names {
		data, err := folder.Read(name)
		if err != nil {
			continue
		}
		pixels := make([]uint8, drawing.ThumbSide*drawing.ThumbSide*3)
		p.seeing.Lock()
		err = imageio.At(pixels, data, imageio.Geometry{Size: drawing.ThumbSide}, imageio.Limits{})
		p.seeing.Unlock()
		if err == nil {
			list = append(list, panelItem{Path: imagefolder.Printable(name), Label: class, Thumb: drawing.ThumbJPEG(pixels)})
		}
	}
	return list, err
}

// knownFolders are those of the loaded datasets, the current one first.
func (p *Panels) knownFolders() []string {
	folders := []string{}
	for _, name := range slices.Backward(p.lab.Datasets()) {
		if data, err := p.lab.Dataset(name); err == nil && !slices.Contains(folders, data.Root) {
			folders = append(folders, data.Root)
		}
	}
	return folders
}
