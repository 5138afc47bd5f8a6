// Package display is the shape of what a notebook shows: one result under several MIME types.
//
// It imports the standard library only, since every Go cell that shows something links it.
package display

import (
	"html"
	"strings"
)

// MIME types that Jupyter front ends know, plus the prefix of our own.
const (
	MIMEText     = "text/plain"
	MIMEHTML     = "text/html"
	MIMEMarkdown = "text/markdown"
	MIMEPNG      = "image/png"
	MIMEJPEG     = "image/jpeg"
	MIMESVG      = "image/svg+xml"
	MIMEJSON     = "application/json"
	MIMEVegaLite = "application/vnd.vegalite.v5+json"

	// MIMEFolder is the name of a folder that a value was written to. It is for the kernel, not for a front end.
	MIMEFolder = "application/vnd.headstart.folder"

	// MIMEPrefix and MIMESuffix enclose the name of a thing that the JupyterLab extension draws.
	MIMEPrefix = "application/vnd.headstart."
	MIMESuffix = "+json"
)

// A Bundle is one result in as many representations as its maker has; the front end picks the richest it trusts.
//
// Data maps a MIME type to a string, to raw bytes (encoding/json turns them into the base64 that Jupyter expects for
// images), or to a JSON-able value for the +json types. Metadata is keyed by MIME type as well ("image/png":
// {"width": 400}), or free.
type Bundle struct {
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

// Text is the bundle of a plain string.
func Text(s string) Bundle {
	return Bundle{Data: map[string]any{MIMEText: s}}
}

// EscapeHTML is text as the content of an element of a page. Beside what is markup it encloses what begins mathematics: notebook pages
// typeset what stands between two dollar signs, or after a backslash, in every HTML output. It is not for attributes, where
// html.EscapeString is enough.
func EscapeHTML(text string) string { return unset.Replace(html.EscapeString(text)) }

// unset parts the text at the signs: MathJax looks for both ends of a formula in the text of one element.
var unset = strings.NewReplacer("$", "<span>$</span>", `\`, `<span>\</span>`)

// ID names a shown bundle so that it can be updated in place.
type ID string
