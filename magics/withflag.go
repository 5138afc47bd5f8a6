package magics

import "strings"

// WithFlag gives a flag a value on the line of a magic, in the place of those that the line gives it, before --, and before where
// the output goes. The line is what stands behind the magic's name; a backslash at the end of a line continues it, as in a cell.
//
// What a flag takes is not known here. A value of true or false is that of a switch, which takes no word.
func WithFlag(line, flag, value string) string {
	words, _ := scanWords(strings.ReplaceAll(line, "\\\n", "  ")) // the places stay; what cannot be split fails when it runs
	isSwitch := value == "true" || value == "false"
	var given [][2]int // where the line has the flag
	at := 0            // the end of the arguments
	for i := 0; i < len(words); i++ {
		w := words[i]
		if _, ok := outputKind(w.text); !w.quoted && (ok || w.text == "--") {
			break
		}
		at = w.end
		switch {
		case w.text == "--"+flag:
			if !isSwitch && i+1 < len(words) && isFlagValue(words[i+1]) {
				i++
				at = words[i].end
			}
			given = append(given, [2]int{w.start, at})
		case strings.HasPrefix(w.text, "--"+flag+"="):
			given = append(given, [2]int{w.start, w.end})
		}
	}
	set := "--" + flag + "=" + QuoteWord(value)
	if len(given) == 0 {
		return line[:at] + " " + set + line[at:]
	}
	for i := len(given) - 1; i > 0; i-- {
		line = strings.TrimRight(line[:given[i][0]], " \t") + line[given[i][1]:]
	}
	return line[:given[0][0]] + set + line[given[0][1]:]
}

// isFlagValue reports whether a word behind a flag can be its value: neither another flag nor where the output goes.
func isFlagValue(w word) bool {
	if _, ok := outputKind(w.text); ok && !w.quoted {
		return false
	}
	rest, ok := strings.CutPrefix(w.text, "-")
	return !ok || w.quoted || rest != "" && strings.Contains("0123456789.", rest[:1])
}
