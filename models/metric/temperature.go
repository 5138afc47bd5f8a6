package metric

import "math"

// The range of temperatures, and how often it is halved.
const (
	lowestTemperature  = 1e-3
	highestTemperature = 1e4
	temperatureRounds  = 60
)

// Temperature is the number by which logits [rows, classes] are divided so that their probabilities fit the labels best, by
// the cross-entropy (Guo et al., arXiv:1706.04599), with the mean cross-entropy that is left. The logits are of rows that the
// classifier was not fitted to. No prediction changes.
//
// The labels count as a little uncertain, one in rows + 2 (Platt 1999, "Probabilistic outputs for support vector machines"): else
// the temperature of a classifier that makes no mistake on these rows would be 0, and every later mistake would be made with
// certainty.
func Temperature(logits []float32, labels []int, classes int) (temperature, loss float64) {
	if len(labels) == 0 {
		return 1, 0
	}
	// The loss is convex in 1/temperature: its slope crosses zero once.
	low, high := math.Log(1/highestTemperature), math.Log(1/lowestTemperature)
	for range temperatureRounds {
		middle := (low + high) / 2
		if _, slope := scaledLoss(logits, labels, classes, math.Exp(middle), 1/float64(len(labels)+2)); slope > 0 {
			high = middle
		} else {
			low = middle
		}
	}
	inverse := math.Exp((low + high) / 2)
	loss, _ = scaledLoss(logits, labels, classes, inverse, 0)
	return 1 / inverse, loss
}

// scaledLoss is the mean cross-entropy of scaled logits, with its slope over the scale. A fraction of each label belongs to the
// other classes.
func scaledLoss(logits []float32, labels []int, classes int, scale, others float64) (loss, slope float64) {
	for i, label := range labels {
		row := logits[i*classes : (i+1)*classes]
		largest := float64(row[Argmax(row)])
		sum, weighted, total := 0.0, 0.0, 0.0
		for _, v := range row {
			e := math.Exp(scale * (float64(v) - largest))
			sum += e
			weighted += e * float64(v)
			total += float64(v)
		}
		own := float64(row[label])
		if classes > 1 {
			own += others * ((total-own)/float64(classes-1) - own)
		}
		loss += math.Log(sum) - scale*(own-largest)
		slope += weighted/sum - own
	}
	n := float64(len(labels))
	return loss / n, slope / n
}
