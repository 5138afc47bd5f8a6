package transfer

import (
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// Task is what the head learns.
type Task string

// The tasks. Single is one class of several; Multi is any number of classes at once; Regression is real numbers.
const (
	Single     Task = "single"
	Multi      Task = "multi"
	Regression Task = "regression"
)

// Defaults of a Config's zero values.
const (
	DefaultEpochs       = 10
	DefaultLearningRate = 0.001
	DefaultBatch        = 32
	DefaultSeed         = 42
)

// A Config says what to train and how. The zero value of every field but Dataset and Backbone is the tutorial's choice.
type Config struct {
	Name     string               // of the run; empty: one is made from the backbone and the time
	Home     string               // the state folder (cache/, runs/); empty: nothing is written to disk
	Dataset  *imagefolder.Dataset // images with labels, split into train and val
	Targets  [][]float32          // by item, for Multi (0 or 1 for each class) and Regression; nil for Single
	Backbone Backbone

	Head string // empty: head.Default; the layer that gives the classes follows it
	Task Task   // empty: Single

	Epochs         int     // 0: DefaultEpochs
	LearningRate   float64 // 0: DefaultLearningRate
	Batch          int     // images in a step; 0: DefaultBatch
	Accumulate     int     // steps whose gradients are added before the weights move; 0: 1
	Optimizer      string  // adam (default), adamw, sgd, momentum
	Momentum       float64 // of momentum; 0: 0.9
	WeightDecay    float64 // of adamw, decoupled
	L2             float64 // added to the loss: L2 * sum of the squared kernels of the head
	Schedule       string  // constant (default), cosine, onecycle, warmup, plateau
	WarmupEpochs   int     // of warmup and cosine
	ClipNorm       float64 // largest norm of all gradients together; 0: none
	LabelSmoothing float64 // in [0, 1)
	ClassWeights   string  // "" or none, auto (inverse frequency), or class=weight,class=weight

	Unfreeze      string  // stage of the backbone from which on weights are trained; empty: all frozen
	Precision     string  // of the unfrozen stages' maps: float32 or bfloat16; empty: bfloat16 on a GPU, else float32
	StageRate     float64 // learning rate of a stage as a share of the one above it; 0: 0.1
	TrainNorm     bool    // whether the batch norms of unfrozen stages learn; by default they stay frozen
	Augment       string  // as models/augment reads it, such as "flip,rotate:10"
	AugmentCopies int     // > 0: that many augmented copies of each image are computed once and cached

	EarlyStop int  // epochs without a better validation loss before it stops; 0: never
	KeepLast  bool // keep the weights of the last epoch instead of the best

	Devices   int   // that share each step's images; 0: 1
	Seed      int64 // 0: DefaultSeed
	Workers   int   // decoding goroutines; 0: one for each core; does not change the result
	CacheSize int64 // bytes that the feature cache may take; 0: featurecache.DefaultLimit

	Classes []string // the label order of a saved model that this one has to match; nil: any
	Silence []string // flags of the preflight findings that are accepted (Finding.Silence)
	CSVLog  string   // a file to which every epoch is written as a row; empty: none

	Cell  string   // text of the cell or command that started the run, for the provenance
	Flags []string // its flags, for the provenance

	// Abort ends the training at once when it is closed. Cancelling the context is the gentle way: the batch is finished
	// and the best model so far is kept.
	Abort <-chan struct{}
}
