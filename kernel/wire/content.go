package wire

import "encoding/json"

// Status values of a reply.
const (
	StatusOK      = "ok"
	StatusError   = "error"
	StatusAborted = "aborted"
)

// Names of the two streams.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

// Execution states of a status message.
const (
	StateStarting = "starting"
	StateBusy     = "busy"
	StateIdle     = "idle"
)

// An Error is the content of an error message, and of every reply whose status is "error".
type Error struct {
	EName     string   `json:"ename"`
	EValue    string   `json:"evalue"`
	Traceback []string `json:"traceback"` // lines, with ANSI colors
}

// Error makes an *Error usable as a Go error.
func (e *Error) Error() string { return e.EName + ": " + e.EValue }

// ExecuteRequest asks for a cell to be run.
type ExecuteRequest struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    bool              `json:"store_history"`
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     bool              `json:"stop_on_error"`
}

// ExecuteReply says how a cell ended. The embedded Error stands only in a reply whose status is "error".
type ExecuteReply struct {
	Status          string         `json:"status"`
	ExecutionCount  int            `json:"execution_count"`
	Payload         []any          `json:"payload"`
	UserExpressions map[string]any `json:"user_expressions"`
	*Error
}

// ExecuteInput tells every client what is being run.
type ExecuteInput struct {
	Code           string `json:"code"`
	ExecutionCount int    `json:"execution_count"`
}

// Stream is text written to standard output or standard error.
type Stream struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// DisplayData is the content of display_data and update_display_data.
type DisplayData struct {
	Data      map[string]any `json:"data"`
	Metadata  map[string]any `json:"metadata"`
	Transient Transient      `json:"transient"`
}

// Transient carries what is not stored in the notebook.
type Transient struct {
	DisplayID string `json:"display_id,omitempty"`
}

// ExecuteResult is the value of a cell.
type ExecuteResult struct {
	ExecutionCount int            `json:"execution_count"`
	Data           map[string]any `json:"data"`
	Metadata       map[string]any `json:"metadata"`
	Transient      *Transient     `json:"transient,omitempty"`
}

// ClearOutput removes a cell's output, with Wait only when the next output arrives.
type ClearOutput struct {
	Wait bool `json:"wait"`
}

// Status says whether the kernel is busy with the message's parent.
type Status struct {
	ExecutionState string `json:"execution_state"`
}

// CompleteRequest asks for completions at a cursor, counted in Unicode code points.
type CompleteRequest struct {
	Code      string `json:"code"`
	CursorPos int    `json:"cursor_pos"`
}

// CompleteReply lists the texts that may replace what is between the two positions, in code points.
type CompleteReply struct {
	Status      string         `json:"status"`
	Matches     []string       `json:"matches"`
	CursorStart int            `json:"cursor_start"`
	CursorEnd   int            `json:"cursor_end"`
	Metadata    map[string]any `json:"metadata"`
}

// InspectRequest asks what is at a cursor, counted in Unicode code points.
type InspectRequest struct {
	Code        string `json:"code"`
	CursorPos   int    `json:"cursor_pos"`
	DetailLevel int    `json:"detail_level"`
}

// InspectReply explains it, by MIME type.
type InspectReply struct {
	Status   string         `json:"status"`
	Found    bool           `json:"found"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// IsCompleteRequest asks whether a console should run the code or wait for more lines.
type IsCompleteRequest struct {
	Code string `json:"code"`
}

// Completeness values of an IsCompleteReply.
const (
	Complete   = "complete"
	Incomplete = "incomplete"
	Invalid    = "invalid"
)

// IsCompleteReply answers it; Indent is what the next line should begin with, only where Status is Incomplete.
type IsCompleteReply struct {
	Status string `json:"status"`
	Indent string `json:"indent"`
}

// History access types of a HistoryRequest.
const (
	HistoryTail   = "tail"
	HistoryRange  = "range"
	HistorySearch = "search"
)

// HistoryRequest asks for earlier input.
type HistoryRequest struct {
	Output         bool   `json:"output"`
	Raw            bool   `json:"raw"`
	HistAccessType string `json:"hist_access_type"`
	Session        int    `json:"session"`
	Start          int    `json:"start"`
	Stop           *int   `json:"stop"`
	N              int    `json:"n"`
	Pattern        string `json:"pattern"`
	Unique         bool   `json:"unique"`
}

// HistoryReply lists [session, line, input] triples.
type HistoryReply struct {
	Status  string  `json:"status"`
	History [][]any `json:"history"`
}

// KernelInfoReply describes the kernel.
type KernelInfoReply struct {
	Status                string       `json:"status"`
	ProtocolVersion       string       `json:"protocol_version"`
	Implementation        string       `json:"implementation"`
	ImplementationVersion string       `json:"implementation_version"`
	LanguageInfo          LanguageInfo `json:"language_info"`
	Banner                string       `json:"banner"`
	Debugger              bool         `json:"debugger"`
	SupportedFeatures     []string     `json:"supported_features"`
	HelpLinks             []HelpLink   `json:"help_links"`
}

// LanguageInfo describes the language of the cells.
type LanguageInfo struct {
	Name              string `json:"name"`
	Version           string `json:"version"`
	MIMEType          string `json:"mimetype"`
	FileExtension     string `json:"file_extension"`
	PygmentsLexer     string `json:"pygments_lexer,omitempty"`
	CodeMirrorMode    any    `json:"codemirror_mode,omitempty"`
	NBConvertExporter string `json:"nbconvert_exporter,omitempty"`
}

// HelpLink is one entry of the front end's Help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// ConnectReply lists the ports.
type ConnectReply struct {
	Status      string `json:"status"`
	ShellPort   int    `json:"shell_port"`
	IOPubPort   int    `json:"iopub_port"`
	StdinPort   int    `json:"stdin_port"`
	ControlPort int    `json:"control_port"`
	HBPort      int    `json:"hb_port"`
}

// CommInfoRequest asks for the open comms, of one target where TargetName is set.
type CommInfoRequest struct {
	TargetName string `json:"target_name"`
}

// CommInfoReply lists them by id.
type CommInfoReply struct {
	Status string              `json:"status"`
	Comms  map[string]CommInfo `json:"comms"`
}

// CommInfo is one open comm.
type CommInfo struct {
	TargetName string `json:"target_name"`
}

// CommOpen opens a comm, a free channel between the kernel and a front end's extension.
type CommOpen struct {
	CommID       string          `json:"comm_id"`
	TargetName   string          `json:"target_name"`
	TargetModule string          `json:"target_module,omitempty"`
	Data         json.RawMessage `json:"data"`
}

// CommMsg is the content of comm_msg and comm_close.
type CommMsg struct {
	CommID string          `json:"comm_id"`
	Data   json.RawMessage `json:"data"`
}

// Shutdown is the content of shutdown_request and shutdown_reply.
type Shutdown struct {
	Status  string `json:"status,omitempty"`
	Restart bool   `json:"restart"`
}

// InputRequest asks the user for a line.
type InputRequest struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

// InputReply is the user's line.
type InputReply struct {
	Value string `json:"value"`
}

// Subshell names a subshell: the content of create_subshell_reply and of delete_subshell_request.
type Subshell struct {
	Status     string `json:"status,omitempty"`
	SubshellID string `json:"subshell_id"`
}

// SubshellList is the content of list_subshell_reply.
type SubshellList struct {
	Status      string   `json:"status"`
	SubshellIDs []string `json:"subshell_id"` // the name is the protocol's
}

// UsageReply is the content of usage_reply, with ipykernel's names. What could not be measured is left out.
type UsageReply struct {
	Status     string      `json:"status"`
	Hostname   string      `json:"hostname"`
	PID        int         `json:"pid"`
	CPU        *float64    `json:"kernel_cpu,omitempty"`    // percent of one processor
	Memory     *int64      `json:"kernel_memory,omitempty"` // bytes
	HostCPU    *float64    `json:"host_cpu_percent,omitempty"`
	CPUCount   int         `json:"cpu_count"`
	HostMemory *HostMemory `json:"host_virtual_memory,omitempty"`

	// Processes are those that Memory is the sum of, the largest first; ipykernel has no such list.
	Processes []ProcessUsage `json:"processes,omitempty"`
}

// ProcessUsage is the memory of one process.
type ProcessUsage struct {
	PID    int    `json:"pid"`
	Name   string `json:"name"`   // of its program
	Memory int64  `json:"memory"` // bytes
}

// HostMemory is the memory of the machine, in bytes.
type HostMemory struct {
	Total     int64   `json:"total"`
	Available int64   `json:"available"`
	Percent   float64 `json:"percent"`
	Used      int64   `json:"used"`
	Free      int64   `json:"free"`
}

// Simple is a reply that has nothing to say but its status.
type Simple struct {
	Status string `json:"status"`
}

// ErrorReply is a reply of any type that reports a failure.
type ErrorReply struct {
	Status string `json:"status"`
	Error
}
