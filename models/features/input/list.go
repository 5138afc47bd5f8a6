package input

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
)

const (
	maxListMiB  = 1024 // of a list of paths; 10 million take about 500
	maxLineKiB  = 64
	mostBraces  = 8  // ranges in one path
	widestRange = 18 // digits, which an int holds
)

// localList adds the files of a list of paths. Paths are relative to the list's folder and stay in it, since a list may come from
// anybody. That a file is there shows when it is read.
func (f *finder) localList(file string) error {
	list, err := safefile.Open(file)
	if err != nil {
		return errors.New(plain(err))
	}
	defer list.Close()
	root, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return errors.New(plain(err))
	}
	return f.lines(list, func(line string) error {
		name := filepath.FromSlash(line)
		if filepath.IsAbs(name) {
			if inside, err := filepath.Rel(root, name); err == nil {
				name = inside
			}
		}
		if !filepath.IsLocal(name) || strings.ContainsRune(name, 0) {
			return errors.New("the path leads out of the folder of the list")
		}
		name = filepath.Clean(name)
		return f.add(unit{name: filepath.ToSlash(name), key: name, place: inside{folder{root}}})
	})
}

// objectList adds the files of a list that is an object. Paths are keys beside it.
func (f *finder) objectList(at objects, key string) error {
	list, _, err := at.open(f.ctx, key)
	if err != nil {
		return err
	}
	defer list.Close()
	folder := key[:strings.LastIndex(key, "/")+1]
	return f.lines(list, func(line string) error {
		if !filepath.IsLocal(filepath.FromSlash(line)) {
			return errors.New("the path leads out of the folder of the list")
		}
		return f.add(unit{name: line, key: folder + line, place: at})
	})
}

// lines reads a list: paths are given to add, addresses found.
func (f *finder) lines(list io.Reader, add func(line string) error) error {
	if f.inList {
		return errors.New("a list names images, archives and folders, and no other list")
	}
	f.inList = true
	defer func() { f.inList = false }()
	limited := &io.LimitedReader{R: list, N: maxListMiB << 20}
	scanner := bufio.NewScanner(source.UnicodeReader(limited))
	scanner.Buffer(nil, maxLineKiB<<10)
	number := 0
	for scanner.Scan() {
		if number++; number%1000 == 0 && f.ctx.Err() != nil {
			return f.ctx.Err()
		}
		line := strings.TrimSpace(scanner.Text())
		var err error
		switch {
		case line == "":
		case strings.Contains(line, "://"):
			err = f.find(line)
		default:
			err = add(line)
		}
		if err != nil {
			return fmt.Errorf("line %d, %s: %w", number, phrase.Printable(line[:min(200, len(line))]), err)
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("line %d: %w", number+1, err)
	}
	if limited.N <= 0 {
		return fmt.Errorf("a list has at most %d MiB: split it", maxListMiB)
	}
	return nil
}

// expand writes out ranges such as {000..063}, which WebDataset's users write for shell's braces.
func expand(pattern string, most int) ([]string, error) {
	names := []string{""}
	for braces := 0; ; braces++ {
		before, rest, ok := strings.Cut(pattern, "{")
		inner, after, closed := strings.Cut(rest, "}")
		first, last, isRange := strings.Cut(inner, "..")
		if !ok || !closed || !isRange {
			for i := range names {
				names[i] += pattern
			}
			return names, nil
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || a < 0 || b < a || len(last) > widestRange || braces == mostBraces {
			return nil, fmt.Errorf("{%s} is not a range: write {000..063}, from the lower to the higher", phrase.Printable(inner[:min(50, len(inner))]))
		}
		if b-a >= most/len(names) {
			return nil, fmt.Errorf("{%s} stands for too many files; at most %d are read", inner, most)
		}
		width := 0
		if len(first) == len(last) || first[0] == '0' {
			width = len(first)
		}
		var longer []string
		for _, name := range names {
			for i := a; i <= b; i++ {
				longer = append(longer, fmt.Sprintf("%s%s%0*d", name, before, width, i))
			}
		}
		names, pattern = longer, after
	}
}
