package metric

import (
	"cmp"
	"math"
	"slices"
)

// How much of the curves a report holds: a report on 1,000 classes stays small.
const (
	maxCurves = 20  // classes whose curves are kept: those with the smallest area under the ROC curve
	maxPoints = 201 // of a curve
)

// A Ranking says how well the probability of each class puts its images before all others, one class against the rest.
type Ranking struct {
	// ROCAUC and AveragePrecision are means over the classes that have an area; nil where none has.
	ROCAUC           *float64       `json:"roc_auc"`
	AveragePrecision *float64       `json:"average_precision"`
	PerClass         []RankedClass  `json:"per_class"`
	Curves           []RankingCurve `json:"curves"` // the smallest area first; at most 20
}

// RankedClass has the areas of one class. They are nil where no image or every image has its label: neither is defined then,
// and scikit-learn's roc_auc_score is nan.
type RankedClass struct {
	Class            string   `json:"class"`
	Images           int      `json:"images"`            // with its label
	ROCAUC           *float64 `json:"roc_auc"`           // scikit-learn's roc_auc_score
	AveragePrecision *float64 `json:"average_precision"` // scikit-learn's average_precision_score
}

// RankingCurve is the two curves of one class, thinned to at most 201 points each.
type RankingCurve struct {
	Class string  `json:"class"`
	ROC   []Point `json:"roc"` // X is the false positive rate, Y the true positive rate
	PR    []Point `json:"pr"`  // X is the recall, Y the precision
}

// A Point of a curve.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// step is one threshold of a class: how many images of the class, and of others, have at least that probability.
type step struct {
	threshold float64
	right     int
	wrong     int
}

// steps counts the images at each distinct probability, the highest first. The keys are room for as many images, which are
// sorted by their bits: those of a probability rise with it.
func steps(probabilities []float32, labels []int, k, class int, keys []uint64) []step {
	for i := range labels {
		keys[i] = uint64(^math.Float32bits(probabilities[i*k+class]))<<32 | uint64(i)
	}
	slices.Sort(keys)
	var list []step
	right, wrong := 0, 0
	for n, key := range keys {
		if labels[uint32(key)] == class {
			right++
		} else {
			wrong++
		}
		if n == len(keys)-1 || keys[n+1]>>32 != key>>32 {
			list = append(list, step{float64(math.Float32frombits(^uint32(key >> 32))), right, wrong})
		}
	}
	return list
}

// rankAll computes the areas of each class. The labels are those of the rows, and in range.
func rankAll(classes []string, probabilities []float32, labels []int) *Ranking {
	k := len(classes)
	r := &Ranking{PerClass: []RankedClass{}, Curves: []RankingCurve{}}
	kept := map[int][]step{}
	var auc, ap []float64
	var order []int
	keys := make([]uint64, len(labels))
	for c, class := range classes {
		list := steps(probabilities, labels, k, c, keys)
		one := RankedClass{Class: class}
		if n := len(list); n > 0 {
			one.Images = list[n-1].right
		}
		if area, precision, ok := areas(list); ok {
			one.ROCAUC, one.AveragePrecision = &area, &precision
			auc, ap, order = append(auc, area), append(ap, precision), append(order, c)
			kept[c] = list
			if len(order) > maxCurves {
				order = r.leastAreas(append(r.PerClass, one), order, maxCurves)
				for c := range kept {
					if !slices.Contains(order, c) {
						delete(kept, c)
					}
				}
			}
		}
		r.PerClass = append(r.PerClass, one)
	}
	r.ROCAUC, r.AveragePrecision = mean(auc), mean(ap)
	for _, c := range r.leastAreas(r.PerClass, order, maxCurves) {
		r.Curves = append(r.Curves, curveOf(classes[c], kept[c]))
	}
	return r
}

// leastAreas are the classes of a list with the smallest areas under the ROC curve, the smallest first.
func (r *Ranking) leastAreas(areas []RankedClass, classes []int, most int) []int {
	sorted := slices.Clone(classes)
	slices.SortStableFunc(sorted, func(a, b int) int { return cmp.Compare(*areas[a].ROCAUC, *areas[b].ROCAUC) })
	return sorted[:min(most, len(sorted))]
}

// areas are the area under the ROC curve, by trapezoids, and the average precision, by steps. They are not defined where
// an image of the class or one of another is missing.
func areas(list []step) (auc, precision float64, ok bool) {
	if len(list) == 0 {
		return 0, 0, false
	}
	last := list[len(list)-1]
	if last.right == 0 || last.wrong == 0 {
		return 0, 0, false
	}
	var before step
	for _, s := range list {
		auc += float64(s.wrong-before.wrong) * float64(s.right+before.right) / 2
		precision += float64(s.right-before.right) * float64(s.right) / float64(s.right+s.wrong)
		before = s
	}
	return auc / (float64(last.right) * float64(last.wrong)), precision / float64(last.right), true
}

func curveOf(class string, list []step) RankingCurve {
	c := RankingCurve{Class: class, ROC: []Point{{0, 0}}, PR: []Point{{0, 1}}} // no image is predicted, and none is wrong
	last := list[len(list)-1]
	for _, s := range list {
		c.ROC = append(c.ROC, Point{fraction(s.wrong, last.wrong), fraction(s.right, last.right)})
		c.PR = append(c.PR, Point{fraction(s.right, last.right), fraction(s.right, s.right+s.wrong)})
	}
	c.ROC, c.PR = thin(c.ROC), thin(c.PR)
	return c
}

// thin leaves out points between two others on one line, and then so many that at most maxPoints are left, evenly along the
// curve. The ends stay.
func thin(points []Point) []Point {
	var bends []Point
	for i, p := range points {
		if i > 0 && i < len(points)-1 {
			a, b := points[i-1], points[i+1]
			if (p.X == a.X && p.X == b.X) || (p.Y == a.Y && p.Y == b.Y) {
				continue
			}
		}
		bends = append(bends, p)
	}
	if len(bends) <= maxPoints {
		return bends
	}
	way := make([]float64, len(bends))
	for i := 1; i < len(bends); i++ {
		way[i] = way[i-1] + math.Abs(bends[i].X-bends[i-1].X) + math.Abs(bends[i].Y-bends[i-1].Y)
	}
	kept := bends[:1:1]
	each := way[len(way)-1] / (maxPoints - 1)
	next := each
	for i := 1; i < len(bends)-1; i++ {
		if way[i] >= next && len(kept) < maxPoints-1 {
			kept = append(kept, bends[i])
			next = way[i] + each
		}
	}
	return append(kept, bends[len(bends)-1])
}

func mean(values []float64) *float64 {
	if len(values) == 0 {
		return nil
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	sum /= float64(len(values))
	return &sum
}

// Thresholds say what becomes of the predictions of one of two classes as the probability changes from which on it is predicted.
type Thresholds struct {
	Class  string      `json:"class"` // the second of the two, as scikit-learn's positive label
	Points []Threshold `json:"points"`
	Best   float64     `json:"best"` // threshold with the highest F1; of equals the one nearest to 0.5
}

// A Threshold counts an image as one of the class from a probability on.
type Threshold struct {
	Threshold float64 `json:"threshold"`
	Precision float64 `json:"precision"` // 1 where nothing is predicted, as in scikit-learn's precision_recall_curve
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Accuracy  float64 `json:"accuracy"`
}

// thresholds are those from 0 to 1 in steps of a hundredth, of the second of two classes; nil where there are not two.
func thresholds(classes []string, probabilities []float32, labels []int) *Thresholds {
	if len(classes) != 2 || len(labels) == 0 {
		return nil
	}
	list := steps(probabilities, labels, 2, 1, make([]uint64, len(labels)))
	t := &Thresholds{Class: classes[1]}
	last := list[len(list)-1]
	best := -1.0
	for hundredth := range 101 {
		at := float64(hundredth) / 100
		var s step // the lowest that is predicted
		for _, one := range list {
			if one.threshold < at {
				break
			}
			s = one
		}
		point := Threshold{
			Threshold: at, Precision: 1, Recall: fraction(s.right, last.right), F1: fraction(2*s.right, s.right+s.wrong+last.right),
			Accuracy: fraction(s.right+last.wrong-s.wrong, len(labels)),
		}
		if s.right+s.wrong > 0 {
			point.Precision = fraction(s.right, s.right+s.wrong)
		}
		if point.F1 > best || point.F1 == best && math.Abs(at-0.5) < math.Abs(t.Best-0.5) {
			best, t.Best = point.F1, at
		}
		t.Points = append(t.Points, point)
	}
	return t
}
