package registry

import (
	"strings"

	"github.com/headstart-nb/headstart/magics"
)

// WithFlag gives a flag of a magic a value wherever a cell calls the magic, and counts these calls. What only looks like one, in a
// text of the engine's language, stays as it is. The body of another cell magic is read as a cell.
func WithFlag(code, magic, flag, value string, scanner Scanner) (changed string, calls int) {
	p := cellParser{lines: strings.SplitAfter(strings.ReplaceAll(code, "\r\n", "\n"), "\n")}
	var b strings.Builder
	for at := 0; at < len(p.lines); {
		line := p.lines[at]
		if scanner.InText() || !strings.HasPrefix(line, "%") && !strings.HasPrefix(line, "!") {
			scanner.Line(line)
			b.WriteString(line)
			at++
			continue
		}
		next := p.lineEnd(at)
		text := strings.Join(p.lines[at:next], "")
		name, double := magicName(line)
		switch {
		case name == magic:
			calls++
			text, ended := strings.CutSuffix(text, "\n")
			behind := strings.Index(text, name) + len(name)
			b.WriteString(text[:behind] + magics.WithFlag(text[behind:], flag, value))
			if ended {
				b.WriteByte('\n')
			}
			if double {
				b.WriteString(strings.Join(p.lines[next:], ""))
				return b.String(), calls
			}
			scanner.Skip(next - at)
		case double && name != "":
			b.WriteString(text)
			scanner.Skip(next - at)
		default:
			b.WriteString(text)
			scanner.Command(text)
		}
		at = next
	}
	if calls == 0 {
		return code, 0
	}
	return b.String(), calls
}
