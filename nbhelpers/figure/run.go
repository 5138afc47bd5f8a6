package figure

import (
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
)

// MIMERun is the type under which the notebook extension finds a run.
const MIMERun = display.MIMEPrefix + "run" + display.MIMESuffix

// MIMEEpochs is the type by which the notebook extension knows the table of a run's epochs, which its card has in a fold.
const MIMEEpochs = display.MIMEPrefix + "epochs" + display.MIMESuffix

// Run adds to the figure of a run the payload that the notebook extension draws as a card in its place. The payload is the run
// as its owner describes it, for encoding/json.
func Run(drawn display.Bundle, payload any) display.Bundle {
	drawn.Data[MIMERun] = payload
	return drawn
}

// RunLight is Run without what takes long to render: the payload and the text, for a run that is live. text is the figure's.
func RunLight(text func(width int) string, payload any) display.Bundle {
	return display.Bundle{Data: map[string]any{MIMERun: payload, display.MIMEText: text(canvas.TextWidth)}}
}
