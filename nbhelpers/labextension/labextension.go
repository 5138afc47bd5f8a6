// Package labextension carries the built JupyterLab extension. Its sources are the TypeScript beside it.
package labextension

import (
	"embed"
	"io/fs"
)

//go:embed built
var built embed.FS

// FS is the extension as JupyterLab wants it in a folder of its own: package.json at the root, with static and schemas.
func FS() fs.FS {
	sub, err := fs.Sub(built, "built")
	if err != nil {
		panic(err) // "built" is a valid path
	}
	return sub
}
