package datasets

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// TestSkippedFilesCountForTheirClass also in the folders of a split, of which the first names no class.
func TestSkippedFilesCountForTheirClass(t *testing.T) {
	for name, data := range map[string]*imagefolder.Dataset{
		"classes": {Skipped: []imagefolder.Skipped{{Path: "red/1.png"}, {Path: "red/deep/2.png"}, {Path: "train/blue/1.png"}}},
		"split":   {GivenSplit: true, Skipped: []imagefolder.Skipped{{Path: "train/red/1.png"}, {Path: "val/red/deep/2.png"}, {Path: "other"}, {Path: "test/blue"}}},
		"list":    {GivenSplit: true, Skipped: []imagefolder.Skipped{{Path: "red/1.png"}, {Path: "red/2.png"}}},
	} {
		data.Name, data.Classes, data.Items = name, []string{"blue", "red"}, []imagefolder.Item{{Split: imagefolder.Train}, {Label: 1, Split: imagefolder.Train}}
		text, _ := classCounts(data).Data[display.MIMEText].(string)
		var rows []string
		for _, line := range strings.Split(text, "\n") {
			if cells := strings.Fields(line); len(cells) == 3 && (cells[0] == "blue" || cells[0] == "red") {
				rows = append(rows, strings.Join(cells, " "))
			}
		}
		if got := strings.Join(rows, ", "); got != "blue 1 0, red 1 2" {
			t.Errorf("%s: %q:\n%s", name, got, text)
		}
	}
}
