package workshop

import (
	"bytes"
	"fmt"
	"html/template"
)

// page is the page that stands beside the files.
func page(r Report) []byte {
	var out bytes.Buffer
	err := template.Must(template.New("index").Funcs(template.FuncMap{"size": size}).Parse(indexPage)).Execute(&out, r)
	if err != nil {
		panic(err) // the template and the report are of this package
	}
	return out.Bytes()
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f kB", float64(n)/1e3)
}

const indexPage = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Headstart for this class</title>
<style>body { font: 16px/1.5 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em } pre { background: #eee; padding: .6em }
td, th { padding: .2em .8em .2em 0; text-align: left }</style>
</head>
<body>
<h1>Headstart for this class</h1>
<p>You need Python 3.11 or newer, and no network. In this folder, run</p>
<pre>sh start.sh</pre>
<p>It installs Headstart into the folder <code>headstart-class</code> in your home folder, copies the lessons there, and opens JupyterLab. Run it
again to come back. Begin with <code>01_quickstart.ipynb</code>. To remove everything, delete that folder.</p>
<h2>What is here</h2>
<table>
<tr><th>part</th><th>files</th><th>size</th></tr>
{{range .Parts}}<tr><td>{{.Name}}</td><td>{{.Files}}</td><td>{{size .Bytes}}</td></tr>
{{end}}</table>
<h2>What is not</h2>
<ul>
{{range .LeftOut}}<li>{{.}}</li>
{{end}}</ul>
</body>
</html>
`
