// Headstart-sql is a Headstart plugin: SQL in a notebook.
package main

import (
	"os"

	"github.com/headstart-nb/headstart/magics/plugin"
)

func main() {
	session := &session{folder: os.Getenv("HEADSTART_RUNTIME_DIR")}
	defer session.close()
	plugin.Serve(session.magic())
}
