package input

import (
	"path/filepath"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/named"
)

// Spread picks up to limit items so that the classes take turns. An empty class or split means all.
func Spread(data *imagefolder.Dataset, class, split string, limit int) ([]int, error) {
	wanted := -1
	for label, name := range data.Classes {
		if name == class {
			wanted = label
		}
	}
	if class != "" && wanted < 0 {
		return nil, &named.NotFoundError{Kind: named.KindClass, Name: class, Have: data.Classes}
	}
	byClass := make([][]int, len(data.Classes))
	for i, item := range data.Items {
		if (split == "" || item.Split == split) && (wanted < 0 || item.Label == wanted) {
			byClass[item.Label] = append(byClass[item.Label], i)
		}
	}
	var picked []int
	for round := 0; len(picked) < limit; round++ {
		before := len(picked)
		for _, items := range byClass {
			if round < len(items) && len(picked) < limit {
				picked = append(picked, items[round])
			}
		}
		if len(picked) == before {
			break
		}
	}
	return picked, nil
}

// ItemFile is the file of an item of a dataset.
func ItemFile(data *imagefolder.Dataset, item int) string {
	return filepath.Join(data.Root, filepath.FromSlash(data.Items[item].Path))
}
