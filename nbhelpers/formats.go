package nbhelpers

// Images come in these formats; a cell that calls image.Decode needs no import of its own for them. Those beyond the standard
// library would be linked into every cell: import golang.org/x/image/webp and the like where they are needed.
import (
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
)
