package sketch

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Label makes an untrusted string safe to show: one line, no control characters (a terminal would execute
// them), no characters that reorder the text around them, at most width columns, cut with an ellipsis. A width of 0
// cuts nothing.
func Label(s string, width int) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Cf, r): // zero-width and direction marks
		default:
			b.WriteRune(r)
		}
	}
	s = strings.Join(strings.Fields(b.String()), " ")
	if width <= 0 || Width(s) <= width {
		return s
	}
	var cut strings.Builder
	used := 1 // the ellipsis
	for _, r := range s {
		if used += runeWidth(r); used > width {
			break
		}
		cut.WriteRune(r)
	}
	return strings.TrimRight(cut.String(), " ") + "…"
}

// wrap breaks a label into lines of at most width columns, at its blanks; a longer word is cut.
func wrap(label string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(label) {
		joined := strings.TrimLeft(line+" "+word, " ")
		if line != "" && Width(joined) > width {
			lines, joined = append(lines, line), word
		}
		line = Label(joined, width)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Width is how many columns of a terminal a string takes.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wide are the blocks whose characters take two columns, after Unicode's EastAsianWidth.txt, rounded to whole blocks.
var wide = [...][2]rune{
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
}

func runeWidth(r rune) int {
	if r < 0x300 { // Latin: the common case
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	for _, block := range wide {
		if r >= block[0] && r <= block[1] {
			return 2
		}
	}
	return 1
}

// pad fills s with blanks to width columns, on its left where right is set.
func pad(s string, width int, right bool) string {
	blanks := strings.Repeat(" ", max(0, width-Width(s)))
	if right {
		return blanks + s
	}
	return s + blanks
}

// Number writes a value with four significant digits, as tables and axes show it; what is not finite is a dash.
func Number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	size := math.Abs(v)
	if size != 0 && (size < 1e-3 || size >= 1e7) {
		return strconv.FormatFloat(v, 'e', 2, 64)
	}
	decimals := 4
	for limit := 1.0; decimals > 0 && size >= limit; limit *= 10 {
		decimals--
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Percent writes a fraction as a percentage with one decimal; what is not finite is a dash.
func Percent(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case math.Abs(v) >= 1e5: // not a fraction: keep it short
		return strconv.FormatFloat(v, 'e', 2, 64)
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64) + " %"
}

// Bytes is a size as people read it, in decimal units: 24 B, 1.5 kB, 3.2 GB.
func Bytes(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	value, unit := float64(n)/1000, 0
	const units = "kMGTPE"
	for value >= 999.95 && unit < len(units)-1 {
		value, unit = value/1000, unit+1
	}
	return strconv.FormatFloat(value, 'f', 1, 64) + " " + units[unit:unit+1] + "B"
}

// Count writes a count with its thousands set apart: 23,587,712.
func Count[T ~int | ~int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Clock writes a duration as a stopwatch does, 0:07, 12:34 or 1:02:03, rounded up so that work left is never 0:00.
func Clock(d time.Duration) string {
	s := max(0, int64(d/time.Second))
	if d%time.Second > 0 {
		s++
	}
	two := func(n int64) string {
		if n < 10 {
			return "0" + strconv.FormatInt(n, 10)
		}
		return strconv.FormatInt(n, 10)
	}
	if s >= 3600 {
		return strconv.FormatInt(s/3600, 10) + ":" + two(s/60%60) + ":" + two(s%60)
	}
	return strconv.FormatInt(s/60, 10) + ":" + two(s%60)
}

// Took is how long something lasted; nothing where that is not known.
func Took(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return Seconds(d)
}

// Seconds is a duration of some seconds with a decimal, a longer one as Clock has it.
func Seconds(d time.Duration) string {
	if d < time.Minute {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return Clock(d)
}
