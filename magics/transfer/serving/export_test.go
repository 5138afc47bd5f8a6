package serving

// Served is what a cell with --json gets.
type Served = served
