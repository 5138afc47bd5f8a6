package training

// The codes of what is found while it trains.
const (
	CodeNotShared    = "not-shared"    // the shared feature cache could not be opened; the training continues
	CodeNotOnDisk    = "not-on-disk"   // something could not be written; the training continues
	CodeNotCached    = "not-cached"    // features are computed again in every epoch
	CodeUnchanged    = "unchanged"     // unfrozen stages stayed nearly as they were
	CodeChosen       = "chosen"        // what cross-validation has chosen, and why
	CodeFewForFolds  = "few-for-folds" // too few images to compare classifiers
	CodeEstimate     = "estimate"      // how long a fine-tuning will take
	CodeLong         = "long"          // the same, where it is long and smaller images would make it short
	CodeFrozenLogits = "frozen-logits" // the classifier on a frozen stage that is added to the trained one
	CodeBegun        = "begun"         // what the classifier achieves before the fine-tuning
	CodeGain         = "gain"          // what fine-tuning brought
	CodeNoGain       = "no-gain"       // the same, where it is nothing
)
