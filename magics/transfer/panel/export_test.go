package panel

// What the panels get, for tests that ask as they do.
type (
	Page          = panelPage
	PredictAnswer = predictAnswer
	CaptureState  = captureState
	WeightsAnswer = weightsAnswer
)
