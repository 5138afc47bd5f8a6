// Package warm is the language in which Go cells talk to the warm models: JSON lines over a Unix socket.
//
// The model server listens on SocketName in the folder that the environment variable EnvRuntimeDir names. A request is one
// line, and so is its answer:
//
//	{"id":1,"method":"predict","params":{"model":"default","images":[{"file":"/data/cat.jpg"}],"top":3}}
//	{"id":1,"result":{"model":"default","predictions":[{"top":[{"label":"cat","probability":0.98}]}]}}
//	{"id":2,"error":"reading /data/dog.jpg: no such file"}
//
// A connection carries one request at a time; who wants more opens more connections. Closing the connection cancels the
// request that is on its way. No line is longer than MaxLine. Unknown fields are ignored, so that both ends may grow.
//
// The methods, with the types of their params and results:
//
//	models    nothing          -> ModelsResult
//	predict   PredictParams    -> PredictResult
//	features  FeaturesParams   -> FeaturesResult
//	evaluate  EvaluateParams   -> Report
//	explain   ExplainParams    -> Explanation
//	put       PutParams        -> nothing
//	get       GetParams        -> Value
//	draw      DrawParams       -> Drawing
//
// It imports the standard library and internal/peer only, since every Go cell that uses a model links it.
package warm

import (
	"encoding/json"
	"path/filepath"
)

const (
	// SocketName is the file name of the server's socket.
	SocketName = "transfer.sock"
	// EnvRuntimeDir names the environment variable that holds the socket's folder.
	EnvRuntimeDir = "HEADSTART_RUNTIME_DIR"
	// MaxLine is the longest line that either end accepts, in bytes: a batch of 200 images of 12 megapixels does not
	// fit and is better sent as file names.
	MaxLine = 256 << 20
)

// The methods.
const (
	MethodModels   = "models"
	MethodPredict  = "predict"
	MethodFeatures = "features"
	MethodEvaluate = "evaluate"
	MethodExplain  = "explain"
	MethodPut      = "put"
	MethodGet      = "get"
	MethodDraw     = "draw"
)

// SocketPath is the path of the server's socket in a runtime folder.
func SocketPath(runtimeDir string) string { return filepath.Join(runtimeDir, SocketName) }

// Request is one line to the server.
type Request struct {
	ID     uint64          `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
}

// Response is one line from the server: a result or an error.
type Response struct {
	ID     uint64          `json:"id"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  string          `json:"error,omitempty"` // a sentence that says what was tried, on what, and what to do
}
