package nbhelpers

// InNotebook reports whether the program runs in a cell, whose output is rich, and not in a terminal.
func InNotebook() bool { return !isTerminal(process()) }
