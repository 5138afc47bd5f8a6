package gonb

import "github.com/headstart-nb/headstart/kernel/wire"

// Language implements session.Engine.
func (e *Engine) Language() (wire.LanguageInfo, []wire.HelpLink) {
	info := wire.LanguageInfo{
		Name: "go", Version: e.options.GoVersion,
		MIMEType: "text/x-go", FileExtension: ".go",
		PygmentsLexer: "go", CodeMirrorMode: "go",
		NBConvertExporter: "script",
	}
	return info, []wire.HelpLink{
		{Text: "The Go language", URL: "https://go.dev/doc/"},
		{Text: "Go packages", URL: "https://pkg.go.dev/"},
	}
}
