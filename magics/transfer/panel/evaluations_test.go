package panel_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/panel"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// TestImagesBehindACell: the matrix names the images of each cell, and %dataset answers with them, also those of a folder that
// was only evaluated.
func TestImagesBehindACell(t *testing.T) {
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1", "%train --epochs 1 --run first")
	for line, images := range map[string]int{"%evaluate --split train": 20, "%evaluate --dir photos": 24} {
		card, ok := p.Must(t, line).Outputs()[0].Bundles[0].Data[figure.MIMEConfusion].(drawing.ConfusionCard)
		if !ok {
			t.Fatalf("%s: the matrix has nothing for the extension", line)
		}
		if (card.Dataset == "photos") != (images == 20) {
			t.Errorf("%s: the images are those of %q", line, card.Dataset)
		}
		var paths []string
		counted := map[[2]string]int{}
		for _, image := range card.Images {
			paths = append(paths, image.Path)
			counted[[2]string{image.Actual, image.Predicted}]++
		}
		for row, counts := range card.Counts {
			for column, n := range counts {
				if counted[[2]string{card.Classes[row], card.Classes[column]}] != n {
					t.Errorf("%s: %d images are named for the cell %d, %d, want %d", line, counted[[2]string{card.Classes[row], card.Classes[column]}], row, column, n)
				}
			}
		}
		if len(card.Images) != images || card.LeftOut != 0 {
			t.Errorf("%s: %d images are named and %d left out, of %d", line, len(card.Images), card.LeftOut, images)
		}
		raw, err := json.Marshal(map[string]any{"dataset": card.Dataset, "only": append(paths[:2:2], "nowhere.png"), "limit": 9})
		if err != nil {
			t.Fatal(err)
		}
		page, err := transfertest.Ask[panel.Page](t, p, "dataset", string(raw))
		if err != nil || len(page.Items) != 2 || len(page.Items[0].Thumb) == 0 {
			t.Errorf("%s: the images are %+v, %v", line, page.Items, err)
		}
		if images == 24 {
			if _, err := transfertest.Ask[panel.Page](t, p, "dataset", fmt.Sprintf(`{"dataset": %q, "action": "delete", "paths": ["red/1.png"]}`, card.Dataset)); err == nil {
				t.Error("a folder that was only evaluated is edited")
			}
		}
	}
}
