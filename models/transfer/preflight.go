package transfer

// Severity of a Finding.
type Severity string

// An error makes the result meaningless; a warning makes it worse than it could be.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// A Finding is a classic mistake that Preflight sees.
type Finding struct {
	Severity Severity `json:"severity"`
	Sentence string   `json:"sentence"` // what is wrong
	Fix      string   `json:"fix"`      // what to do
	Silence  string   `json:"silence"`  // the name that Config.Silence takes to accept it
}

// Preflight looks for the classic mistakes before the first epoch. Fit calls it too: errors stop it, warnings are told
// as events, and what Config.Silence names is passed over.
func Preflight(config Config) []Finding { return nil }
