package transfer

import "time"

// Provenance says where a model comes from.
type Provenance struct {
	Run           string            `json:"run"`
	Created       time.Time         `json:"created"`
	Cell          string            `json:"cell,omitempty"`
	Flags         []string          `json:"flags,omitempty"`
	Dataset       string            `json:"dataset"`        // name
	DatasetRoot   string            `json:"dataset_root"`   // folder
	DatasetDigest string            `json:"dataset_digest"` // sha256 of the file list with hashes, labels and splits
	Files         []File            `json:"files"`
	Backbone      Identity          `json:"backbone"`
	Settings      Settings          `json:"settings"`
	Versions      map[string]string `json:"versions"` // headstart, go, gomlx, go-xla, pjrt
	Device        string            `json:"device"`
	HeadDigest    string            `json:"head_digest"` // sha256 of the trained weights
}

// File is one image of the dataset as it was trained on.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Label  int    `json:"label"`
	Split  string `json:"split"`
}

// Settings is the part of Config that decides the numbers, as JSON keeps it.
type Settings struct {
	Head           string      `json:"head"`
	Task           Task        `json:"task"`
	Epochs         int         `json:"epochs"`
	LearningRate   float64     `json:"learning_rate"`
	Batch          int         `json:"batch"`
	Accumulate     int         `json:"accumulate"`
	Optimizer      string      `json:"optimizer"`
	Momentum       float64     `json:"momentum"`
	WeightDecay    float64     `json:"weight_decay"`
	L2             float64     `json:"l2"`
	Schedule       string      `json:"schedule"`
	WarmupEpochs   int         `json:"warmup_epochs"`
	ClipNorm       float64     `json:"clip_norm"`
	LabelSmoothing float64     `json:"label_smoothing"`
	ClassWeights   string      `json:"class_weights"`
	Unfreeze       string      `json:"unfreeze"`
	Precision      string      `json:"precision,omitempty"` // of unfrozen stages
	StageRate      float64     `json:"stage_rate"`
	TrainNorm      bool        `json:"train_norm"`
	Augment        string      `json:"augment"`
	AugmentCopies  int         `json:"augment_copies"`
	EarlyStop      int         `json:"early_stop"`
	KeepLast       bool        `json:"keep_last"`
	Seed           int64       `json:"seed"`
	Devices        int         `json:"devices,omitempty"`
	Targets        [][]float32 `json:"targets,omitempty"`
}
