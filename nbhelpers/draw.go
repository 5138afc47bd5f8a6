package nbhelpers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

const (
	// drawTime is how long a figure may take to be drawn.
	drawTime = 20 * time.Second
	// drawProgram draws figures where no model server runs. The kernel puts it on the PATH of Go cells.
	drawProgram = "headstart-transfer"
)

// drawing has a figure rendered as PNG, by the model server or, before a magic has started it, by a program that runs for
// this figure. ok is false where there is neither, and in a terminal, which shows no images.
func drawing(out output, kind string, data any) (drawn warm.Drawing, ok bool) {
	if isTerminal(out) {
		return drawn, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), drawTime)
	defer cancel()
	raw, err := json.Marshal(data)
	if err != nil {
		return drawn, false
	}
	params := warm.DrawParams{Kind: kind, Data: raw}
	if err = ask(ctx, warm.MethodDraw, params, &drawn); err != nil {
		drawn, err = drawnByProgram(ctx, params)
	}
	return drawn, err == nil
}

func drawnByProgram(ctx context.Context, params warm.DrawParams) (drawn warm.Drawing, err error) {
	request, err := json.Marshal(params)
	if err != nil {
		return drawn, err
	}
	command := exec.CommandContext(ctx, drawProgram, "draw")
	command.Stdin = bytes.NewReader(request)
	answer, err := command.Output()
	if err != nil {
		return drawn, fmt.Errorf("draw %s with %s: %w", params.Kind, drawProgram, err)
	}
	return drawn, json.Unmarshal(answer, &drawn)
}

// withDrawing adds a PNG with its size in CSS pixels, and the HTML of a gallery.
func withDrawing(b display.Bundle, drawn warm.Drawing) display.Bundle {
	if len(drawn.PNG) == 0 {
		return b
	}
	b.Data[display.MIMEPNG] = drawn.PNG
	b.Metadata = map[string]any{display.MIMEPNG: map[string]any{"width": drawn.Width, "height": drawn.Height}}
	if drawn.HTML != "" {
		b.Data[display.MIMEHTML] = drawn.HTML
	}
	return b
}
