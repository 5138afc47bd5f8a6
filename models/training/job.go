package training

import "github.com/headstart-nb/headstart/models/training/job"

// What Fit takes.
type (
	Job         = job.Job
	Environment = job.Environment
	Control     = job.Control
	Request     = job.Request
)
