package web

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

//go:embed page.html
var page string

// pageHandler shows the page on which people try the models. It may run its own script and style, by their hashes, ask this server,
// and load nothing else.
func pageHandler() http.HandlerFunc {
	policy := fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src blob: data:; connect-src 'self'; base-uri 'none'; "+
		"form-action 'none'; frame-ancestors 'self'", hashOf("script"), hashOf("style"))
	return func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		_, _ = w.Write([]byte(page)) // a browser that has gone hears no error
	}
}

// hashOf is the source expression of an element of the page.
func hashOf(element string) string {
	_, text, _ := strings.Cut(page, "<"+element+">")
	text, _, _ = strings.Cut(text, "</"+element+">")
	digest := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}
