package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/weights/pickle"
)

const (
	// maxDepth is how deep in a checkpoint's dictionaries a state dict may lie.
	maxDepth = 4
	// maxKey bounds the key of a state dict with those above it, in bytes: each dictionary has its own copy of theirs.
	maxKey = 200
	// maxListed is how many keys an error lists.
	maxListed = 10
)

// preferred are the keys of state dicts in checkpoints, the ones of averaged weights first: those are what is evaluated.
func preferred() []string {
	return []string{"state_dict_ema", "model_ema", "ema_state_dict", "state_dict", "model_state_dict", "model", "teacher"}
}

// An AmbiguousError is a checkpoint with several state dicts of which none is known to be the one that is wanted.
type AmbiguousError struct{ Keys []string }

func (e *AmbiguousError) Error() string {
	var list strings.Builder
	for i, key := range e.Keys[:min(len(e.Keys), maxListed)] {
		if i > 0 {
			list.WriteString(", ")
		}
		fmt.Fprintf(&list, "%.100q", key)
	}
	if more := len(e.Keys) - maxListed; more > 0 {
		fmt.Fprintf(&list, " and %d more", more)
	}
	return fmt.Sprintf("it has several dictionaries of tensors (%s): save the one that is wanted in a file of its own", list.String())
}

// part is a state dict with its key.
type part struct {
	key  string
	dict *pickle.Dict
}

// choose finds the state dict in a checkpoint: the checkpoint itself, or a dictionary that it holds beside others.
func (f *File) choose(root pickle.Value) (*pickle.Dict, error) {
	dict, ok := root.(*pickle.Dict)
	if !ok {
		return nil, errors.New("it holds no dictionary of tensors, as a network's state dict is")
	}
	level, seen := []part{{"", dict}}, map[*pickle.Dict]bool{dict: true}
	for range maxDepth {
		var below, found []part
		for _, p := range level {
			for _, entry := range p.dict.Entries {
				name, isText := entry.Key.(string)
				inner, isDict := entry.Value.(*pickle.Dict)
				if !isText || !isDict || seen[inner] || len(p.key)+1+len(name) > maxKey {
					continue
				}
				seen[inner] = true
				one := part{strings.TrimPrefix(p.key+"."+name, "."), inner}
				below = append(below, one)
				if holdsTensors(inner) {
					found = append(found, one)
				}
			}
		}
		if len(found) > 0 {
			return f.prefer(found)
		}
		level = below
	}
	if holdsTensors(dict) {
		return dict, nil
	}
	return nil, errors.New("it holds no dictionary of tensors, as a network's state dict is")
}

// prefer takes the state dict of the best known key.
func (f *File) prefer(found []part) (*pickle.Dict, error) {
	if len(found) > 1 {
		for _, p := range found {
			f.parts = append(f.parts, p.key)
		}
	}
	for _, key := range preferred() {
		i := slices.IndexFunc(found, func(p part) bool { return p.key == key || strings.HasSuffix(p.key, "."+key) })
		if i >= 0 {
			f.part = found[i].key
			return found[i].dict, nil
		}
	}
	if len(found) > 1 {
		return nil, &AmbiguousError{f.parts}
	}
	f.part = found[0].key
	return found[0].dict, nil
}

func holdsTensors(d *pickle.Dict) bool {
	return slices.ContainsFunc(d.Entries, func(e pickle.Entry) bool {
		_, isText := e.Key.(string)
		return isText && tensorCall(e.Value) != nil
	})
}
