package keep

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"io/fs"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"time"
)

// Load sets variables to what was kept under their names, and leaves alone those of which nothing was. It reads the
// groups of these variables only.
func (s *Store) Load(variables ...Variable) (losses []Loss) {
	// A file that shrinks while it is mapped is a fault of memory.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	variables, losses = checked(variables)
	for _, list := range [][]Variable{variables, s.options.Variables} {
		for _, v := range list {
			if t, err := v.valid(); err == nil {
				s.types.add(t)
			}
		}
	}
	unlock, err := s.lock(false)
	if errors.Is(err, fs.ErrNotExist) {
		return losses // nothing was kept; Save reports a folder that does not exist
	}
	if err != nil {
		return append(losses, lossOfAll(err)...)
	}
	defer unlock()
	m, err := s.readManifest()
	if err != nil {
		return append(losses, lossOfAll(err)...)
	}
	s.epoch, s.opened = m.epoch, true
	for g := range m.groups {
		var members []storedEntry
		wanted := false
		for _, e := range m.entries {
			if e.group == g {
				members = append(members, e)
				wanted = wanted || slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == e.Name })
			}
		}
		if wanted {
			losses = append(losses, s.loadGroup(&m.groups[g], members, variables)...)
		}
	}
	return losses
}

func checked(variables []Variable) (good []Variable, losses []Loss) {
	for _, v := range sortedByName(variables) {
		if _, err := v.valid(); err != nil {
			losses = append(losses, Loss{Name: v.Name, Path: v.Name, Reason: err.Error()})
			continue
		}
		good = append(good, v)
	}
	return good, losses
}

// loadGroup sets the variables of a group, those included that were not asked for but share memory with one that was.
func (s *Store) loadGroup(g *storedGroup, members []storedEntry, wanted []Variable) (losses []Loss) {
	lose := func(name string, err error) {
		losses = append(losses, Loss{Name: name, Path: name, Reason: err.Error()})
	}
	data, err := g.small, error(nil)
	if g.graph != "" {
		data, err = s.read(g.graph+graphEnding, g.size)
	}
	var file *graphFile
	if err == nil {
		file, err = parseGraph(data, s.types)
	}
	var group []Variable
	for _, e := range members {
		if err != nil {
			lose(e.Name, err)
			continue
		}
		v, err := s.member(e, file, wanted)
		if err != nil {
			lose(e.Name, err)
			continue
		}
		group = append(group, v)
	}
	if len(group) == 0 {
		return losses
	}
	group, commit := s.decodeGroup(file, group, lose)
	commit()
	for _, v := range group {
		if !slices.ContainsFunc(wanted, func(w Variable) bool { return w.Name == v.Name }) {
			s.companions = slices.DeleteFunc(s.companions, func(c Variable) bool { return c.Name == v.Name })
			s.companions = append(s.companions, v)
		}
	}
	if len(group) == len(members) { // all of them
		s.loaded = append(s.loaded, loadedGroup{names(group), data})
		return losses
	}
	for _, v := range group { // their groups in this program are others than in the file
		if graph := s.alone(v); graph != nil {
			s.loaded = append(s.loaded, loadedGroup{[]string{v.Name}, graph})
		}
	}
	return losses
}

// decodeGroup decodes those variables of a group that can be decoded.
func (s *Store) decodeGroup(file *graphFile, group []Variable, lose func(string, error)) (good []Variable, commit func()) {
	commit, err := s.decode(file, group)
	if err == nil {
		return group, commit
	}
	for _, v := range group {
		file.forget()
		if _, err := s.decode(file, []Variable{v}); err != nil {
			lose(v.Name, err)
			s.leave(v, err)
			continue
		}
		good = append(good, v)
	}
	file.forget()
	if commit, err = s.decode(file, good); err != nil {
		for _, v := range good {
			lose(v.Name, err)
		}
		return nil, func() {}
	}
	return good, commit
}

// member returns the variable of the program for an entry, or memory for one that the program does not declare.
func (s *Store) member(e storedEntry, file *graphFile, wanted []Variable) (v Variable, err error) {
	for _, list := range [][]Variable{wanted, s.options.Variables} {
		for _, v := range list {
			if _, err := v.valid(); v.Name == e.Name && err == nil {
				return v, nil
			}
		}
	}
	defer catch(&err)
	root := file.root(e.Name)
	if root == nil {
		failf("damaged: the variable is not in its file")
	}
	return Variable{Name: e.Name, Type: e.Type, Pointer: reflect.New(file.types.get(root.typ)).Interface()}, nil
}

// leave remembers a variable whose kept value another program can load: Save leaves that alone unless the program has
// assigned to the variable.
func (s *Store) leave(v Variable, err error) {
	if _, ok := err.(*unknownError); ok { // never wrapped; errors.As would link another package reflect
		s.unread[v.Name] = s.alone(v)
	}
}

// alone encodes one variable. It returns nil if that cannot be kept.
func (s *Store) alone(v Variable) []byte {
	sc := s.scan([]Variable{v})
	if len(sc.obstacles) > 0 {
		return nil
	}
	e, err := sc.encode([]int{0}, s.options.Quota)
	if err != nil {
		return nil
	}
	return e.graph
}

func names(variables []Variable) []string {
	list := make([]string, len(variables))
	for i, v := range variables {
		list[i] = v.Name
	}
	slices.Sort(list)
	return list
}

// pointers are those that every program has under a name.
func (s *Store) pointers() map[string]any {
	if s.pointerList == nil {
		s.pointerList = map[string]any{
			"os.Stdin": os.Stdin, "os.Stdout": os.Stdout, "os.Stderr": os.Stderr, "time.Local": time.Local, "time.UTC": time.UTC,
			"io.EOF": io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.ErrShortWrite": io.ErrShortWrite,
			"io.ErrShortBuffer": io.ErrShortBuffer, "io.ErrNoProgress": io.ErrNoProgress, "io.ErrClosedPipe": io.ErrClosedPipe,
			"io/fs.ErrNotExist": fs.ErrNotExist, "io/fs.ErrExist": fs.ErrExist, "io/fs.ErrPermission": fs.ErrPermission,
			"io/fs.ErrInvalid": fs.ErrInvalid, "io/fs.ErrClosed": fs.ErrClosed, "strconv.ErrRange": strconv.ErrRange,
			"strconv.ErrSyntax": strconv.ErrSyntax, "errors.ErrUnsupported": errors.ErrUnsupported,
			// image.Config has one of these. Their type is unexported and has a function.
			"image/color.RGBAModel": color.RGBAModel, "image/color.RGBA64Model": color.RGBA64Model,
			"image/color.NRGBAModel": color.NRGBAModel, "image/color.NRGBA64Model": color.NRGBA64Model,
			"image/color.AlphaModel": color.AlphaModel, "image/color.Alpha16Model": color.Alpha16Model,
			"image/color.GrayModel": color.GrayModel, "image/color.Gray16Model": color.Gray16Model,
			"image/color.CMYKModel": color.CMYKModel, "image/color.YCbCrModel": color.YCbCrModel,
			"image/color.NYCbCrAModel": color.NYCbCrAModel,
		}
		for name, pointer := range s.options.Pointers {
			if v := reflect.ValueOf(pointer); v.Kind() == reflect.Pointer && !v.IsNil() {
				s.pointerList[name] = pointer
			}
		}
	}
	return s.pointerList
}

// quotaError says that values need more than may be kept.
type quotaError struct{ need, quota int64 }

func (e *quotaError) Error() string {
	return fmt.Sprintf("kept values would take %s, and %s may be kept: remove some, or keep less", bytesText(e.need), bytesText(e.quota))
}

func bytesText(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
