package browser

import (
	"os"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

const (
	// documents is exposed, for a server with jupyter-server-documents, which executes cells, and without what else is beside it.
	documents = `{
		"LabApp": {"expose_app_in_browser": true},
		"ServerApp": {"jpserver_extensions": {
			"jupyter_server_documents": true, "jupyter_server_fileid": true, "jupyter_mcp_server": false,
			"jupyter_server_nbmodel": false, "jupyter_server_ydoc": false, "jupytext": false
		}}
	}`
	// alone turns off what other servers bring for the page.
	alone = `{"disabledExtensions": {
		"@datalayer/jupyter-server-nbmodel": true, "jupyterlab-jupytext": true
	}}`
)

// TestServerThatExecutesCells looks at a notebook in a JupyterLab whose server executes the cells; `make servers-test` runs it.
func TestServerThatExecutesCells(t *testing.T) {
	python := os.Getenv("HEADSTART_SERVERS_PYTHON")
	if python == "" {
		need.Lack(t, need.Peers, "HEADSTART_SERVERS_PYTHON does not name a Python with the packages of kernel/kerneltest/jupyter/servers.txt: make servers-test")
	}
	needBrowser(t)
	lab := startLab(t, python)
	for _, script := range scriptsOf(t, "servers/*") {
		runScript(t.Context(), t, lab, script)
	}
}
