package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// PathLine says how a shell finds the programs in bin; empty where it finds them by the value of PATH already.
func PathLine(bin, path string) string {
	const program = "headstart"
	for _, folder := range filepath.SplitList(path) {
		found := filepath.Join(folder, program)
		info, err := os.Stat(found)
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			continue
		}
		if own, err := os.Stat(filepath.Join(bin, program)); err == nil && os.SameFile(info, own) {
			return ""
		}
		return fmt.Sprintf("headstart on PATH is another one, %s; for this one: export PATH=%s:\"$PATH\"", found, ShellQuote(bin))
	}
	return fmt.Sprintf("for the command headstart in a shell: export PATH=%s:\"$PATH\"; in ~/.profile it lasts", ShellQuote(bin))
}

// ShellQuote leaves a path as it is where a shell would.
func ShellQuote(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+:@%", r)
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
