package panel_test

import (
	"flag"
	"path/filepath"
)

var update = flag.Bool("update", false, "write the golden files")

var testdata, _ = filepath.Abs("testdata") // the tests change the working folder
