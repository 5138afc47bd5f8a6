package imagefolder

import "time"

// DefaultEditsFile is the name of the log of edits inside the dataset's folder.
const DefaultEditsFile = ".headstart-edits.jsonl"

// The actions of an Edit.
const (
	Keep    = "keep"    // looked at and found right: no longer proposed
	Delete  = "delete"  // not used; the file itself stays
	Relabel = "relabel" // used under another class
	Undo    = "undo"    // takes back the edit with the number Of
)

// An Edit is one decision of a person about one picture. Files are never touched.
type Edit struct {
	Number int       `json:"number"` // counts from 1 within the log
	Action string    `json:"action"`
	Path   string    `json:"path,omitempty"`
	SHA256 string    `json:"sha256,omitempty"` // the picture follows its content when the file is renamed
	From   string    `json:"from,omitempty"`   // class, for Relabel
	To     string    `json:"to,omitempty"`     // class, for Relabel
	Of     int       `json:"of,omitempty"`     // the edit taken back, for Undo
	Time   time.Time `json:"time"`
}
