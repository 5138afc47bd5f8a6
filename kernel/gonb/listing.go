package gonb

import "github.com/headstart-nb/headstart/magics"

// Listings are GoNB's own commands, for %help.
func Listings() []magics.Listing {
	return []magics.Listing{
		{Usage: "%% [ARGS]", Summary: "The lines below are a func main; %main is the same"},
		{Usage: "%args ARGS", Summary: "Sets the arguments that the program gets"},
		{Usage: "%autoget", Summary: "Downloads the packages that cells import; %noautoget does not"},
		{Usage: "%capture [-a] FILE", Summary: "Copies what the cell prints into a file"},
		{Usage: "%cd [DIR]", Summary: "Changes the folder of Go cells and shell lines"},
		{Usage: "%env NAME VALUE", Summary: "Sets an environment variable"},
		{Usage: "%exec FUNC [ARGS]", Summary: "Calls a function"},
		{Usage: "%goflags FLAGS", Summary: "Sets flags of go build"},
		{Usage: "%ls", Summary: "Lists the declarations that are kept between cells"},
		{Usage: "%reset [go.mod]", Summary: "Forgets all declarations, or the modules"},
		{Usage: "%rm NAMES", Summary: "Forgets declarations"},
		{Usage: "%test [ARGS]", Summary: "Runs the cell's tests and benchmarks"},
		{Usage: "%track [DIR]", Summary: "Follows the changes of a module on disk; %untrack stops it"},
		{Usage: "%version", Summary: "Prints the version of GoNB"},
		{Usage: "%wasm", Summary: "Compiles the cell to WebAssembly and runs it in the notebook"},
		{Usage: "%widgets", Summary: "Opens the channel that GoNB's widgets need"},
		{Usage: "%with_inputs", Summary: "Lets the next shell line read input; %with_password hides it"},
		{Usage: "%%bash", Summary: "Runs the cell as a shell script; %%sh and %%script PROGRAM do so too"},
		{Usage: "%%gx", Summary: "Runs the cell as GX"},
		{Usage: "%%writefile [-a] FILE", Summary: "Writes the cell into a file"},
		{Usage: "!COMMAND", Summary: "Runs a shell command; !*COMMAND does so in the folder of the cell's program"},
	}
}
