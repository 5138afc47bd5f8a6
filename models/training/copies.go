package training

import "github.com/headstart-nb/headstart/models/selection"

// fittedTo are the rows of the training images and of their copies.
func (s *session) fittedTo(data selection.Data) []int {
	rows := s.rowsOf(s.train)
	for i := len(s.train) + len(s.val); i < len(data.Labels); i++ {
		rows = append(rows, i)
	}
	return rows
}

// withCopies appends rows for copies of the training images to data, whose rows are items. A copy stays with its image.
func (s *session) withCopies(data selection.Data, items []int, copies int) selection.Data {
	if copies == 0 {
		return data
	}
	rows := make([][]int, len(items)) // of an item and its copies
	for at := range items {
		rows[at] = []int{at}
	}
	data.Unjudged = make([]bool, len(items))
	for range copies {
		for _, at := range s.rowsOf(s.train) {
			rows[at] = append(rows[at], len(data.Labels))
			data.Labels, data.Keys, data.Unjudged = append(data.Labels, data.Labels[at]), append(data.Keys, data.Keys[at]), append(data.Unjudged, true)
			if data.Weights != nil {
				data.Weights = append(data.Weights, data.Weights[at])
			}
		}
	}
	for i, group := range data.Groups {
		var all []int
		for _, at := range group {
			all = append(all, rows[at]...)
			rows[at] = nil
		}
		data.Groups[i] = all
	}
	for _, own := range rows {
		if len(own) > 1 {
			data.Groups = append(data.Groups, own)
		}
	}
	return data
}
