// Program is what a cell becomes, for BenchmarkProgram: it loads and saves ten small variables, or none.
package main

import (
	"fmt"
	"os"

	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

type photo struct {
	path string
	size [2]int
	tags map[string]bool
}

var (
	names   = []string{"a", "b", "c"}
	counts  = map[string]int{"a": 1, "b": 2}
	total   = 5
	mean    = 1.5
	photos  = []*photo{{"a.jpg", [2]int{1, 2}, map[string]bool{"x": true}}, {"b.jpg", [2]int{3, 4}, nil}}
	first   = photos[0]
	matrix  = [][]float64{make([]float64, 20), make([]float64, 20)}
	title   = "a title"
	done    = false
	failure error
)

func main() {
	dir := os.Args[1]
	if dir == "" {
		fmt.Println(total)
		return
	}
	variables := []keep.Variable{
		{Name: "names", Type: "[]string", Pointer: &names}, {Name: "counts", Type: "map[string]int", Pointer: &counts},
		{Name: "total", Type: "int", Pointer: &total}, {Name: "mean", Type: "float64", Pointer: &mean},
		{Name: "photos", Type: "[]*photo", Pointer: &photos}, {Name: "first", Type: "*photo", Pointer: &first},
		{Name: "matrix", Type: "[][]float64", Pointer: &matrix}, {Name: "title", Type: "string", Pointer: &title},
		{Name: "done", Type: "bool", Pointer: &done}, {Name: "failure", Type: "error", Pointer: &failure},
	}
	store := keep.Open(dir, keep.Options{Quota: keep.DefaultQuota})
	lost := store.Load(variables...)
	total++
	counts["a"]++
	lost = append(lost, store.Save(variables...)...)
	for _, l := range lost {
		fmt.Fprintln(os.Stderr, l)
	}
	fmt.Println(total)
}
