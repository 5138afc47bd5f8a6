package datasets_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func TestMapOfADataset(t *testing.T) {
	p := transfertest.New(t)
	load, model := "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1"
	if err := p.Call(t.Context(), &magictest.Host{}, load); err != nil {
		t.Fatal(err)
	}
	if err := p.Call(t.Context(), &magictest.Host{}, "%dataset show --map"); err == nil || !strings.Contains(err.Error(), "%model") {
		t.Errorf("without a model: %v", err)
	}
	var texts []string
	for _, line := range []string{"%dataset show --map", "%dataset show --map", "%dataset show --map --class red --split val"} {
		outputs := p.Must(t, model, line).Outputs()
		data := outputs[len(outputs)-1].Bundles[0].Data
		if data[display.MIMEPNG] == nil || data[display.MIMEVegaLite] == nil {
			t.Errorf("%s: it shows %v", line, data)
		}
		text, _ := data[display.MIMEText].(string)
		texts = append(texts, text)
	}
	if texts[0] != texts[1] {
		t.Errorf("the map is another one the second time:\n%s\n%s", texts[0], texts[1])
	}
	for i, want := range []string{"24 of 24 images", "24 of 24 images", "2 of 24 images"} {
		if !strings.Contains(texts[i], want) || !strings.Contains(texts[i], drawing.WeightsNotes(resnet.Origin{})[0]) {
			t.Errorf("map %d lacks %q or that its backbone is untrained:\n%s", i, want, texts[i])
		}
	}
}
