// Package summary describes datasets for programs.
package summary

import (
	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// A Dataset is what programs get of a dataset.
type Dataset struct {
	Name    string                `json:"name"`
	Root    string                `json:"root"`
	Digest  string                `json:"digest"`
	Images  int                   `json:"images"`
	Unread  int                   `json:"unread,omitempty"` // files that were taken to be those of the last check by their size, times and inode
	Classes []Class               `json:"classes"`
	Skipped []imagefolder.Skipped `json:"skipped"`
	Notes   []diagnosis.Diagnosis `json:"notes"`
}

// A Listing is a summary with all images.
type Listing struct {
	Dataset
	Items []Item `json:"items"`
}

// An Item is one image of a dataset.
type Item struct {
	Path  string `json:"path"` // relative to the root
	Class string `json:"class"`
	Split string `json:"split"`
}

// List describes a dataset with all its images.
func List(data *imagefolder.Dataset) Listing {
	list := Listing{Dataset: Of(data), Items: make([]Item, len(data.Items))}
	for i, item := range data.Items {
		list.Items[i] = Item{Path: item.Path, Class: data.Classes[item.Label], Split: item.Split}
	}
	return list
}

// A Class counts the images of a class by split.
type Class struct {
	Name  string `json:"name"`
	Train int    `json:"train"`
	Val   int    `json:"val"`
	Test  int    `json:"test"`
}

// Of describes a dataset.
func Of(data *imagefolder.Dataset) Dataset {
	s := Dataset{
		Name: data.Name, Root: data.Root, Digest: data.Digest, Images: len(data.Items),
		Classes: []Class{}, Skipped: []imagefolder.Skipped{}, Notes: []diagnosis.Diagnosis{},
	}
	train, val, test := data.Count(imagefolder.Train), data.Count(imagefolder.Val), data.Count(imagefolder.Test)
	for label, class := range data.Classes {
		s.Classes = append(s.Classes, Class{Name: class, Train: train[label], Val: val[label], Test: test[label]})
	}
	s.Skipped = append(s.Skipped, data.Skipped...)
	s.Notes = append(s.Notes, data.Diagnoses...)
	return s
}
