package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/internal/visible"
)

// kerasToSafetensors is the last step of Keras's conversions: weights under the names that Keras gives them.
const kerasToSafetensors = `numpy.save_file({w.path: w.numpy().copy() for w in m.weights}, sys.argv[2])" %[1]s %[2]s`

// conversions show, for the formats that are refused, the command that makes a safetensors file of them. HDF5 is refused because its
// readers have a record of holes; PyTorch's pickles are where they need more than a state dict does. Names of files are arguments: in the
// program itself a name with a quote would be code.
var conversions = map[string]string{
	"HDF5": `python -P -c "import sys, keras; from safetensors import numpy; m = keras.applications.ResNet50(weights=sys.argv[1]); ` +
		kerasToSafetensors + ` (with include_top=False where the file was saved without its top)`,
	"Keras": `python -P -c "import sys, keras; from safetensors import numpy; m = keras.models.load_model(sys.argv[1]); ` + kerasToSafetensors,
	// A checkpoint has the weights below a key, with other values beside them.
	pickled: `python -P -c "import sys, torch; from safetensors import torch as st; s = torch.load(sys.argv[1], map_location='cpu', ` +
		`weights_only=True); s = next((s[k] for k in ('state_dict_ema', 'state_dict', 'model') if k in s), s); ` +
		`st.save_file({k: v.detach().clone() for k, v in s.items() if hasattr(v, 'detach')}, sys.argv[2])" %[1]s %[2]s`,
}

// pickled is the format of PyTorch's checkpoints.
const pickled = "pickle"

// shellWord writes a name as one word of a POSIX shell's command. A name with characters that a terminal obeys is shown
// with escapes instead, and the command then finds no file.
func shellWord(name string) string {
	return "'" + strings.ReplaceAll(visible.Text(name), "'", `'\''`) + "'"
}

// Open opens a safetensors file or a checkpoint of PyTorch, of which nothing is run. Other formats are known by their first bytes or their
// name, and refused with the command that converts them; so is a checkpoint that holds more than tensors and plain values.
func Open(path string) (Source, error) {
	source, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", path, err)
	}
	return source, nil
}

// OpenSafetensors opens a safetensors file, and nothing else whatever its name: it is for files that this program writes, of which a stranger
// may have put others in their place.
func OpenSafetensors(path string) (Source, error) {
	format, err := sniff(path)
	if err == nil && format != "" {
		err = fmt.Errorf("%w: its format is %s; save it again as safetensors", ErrNotSafetensors, format)
	}
	var source *safetensors
	if err == nil {
		source, err = openSafetensors(path, maxHeader)
	}
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", path, err)
	}
	return source, nil
}

func open(path string) (Source, error) {
	format, err := sniff(path)
	switch {
	case err != nil:
		return nil, err
	case format == pickled:
		source, err := openTorch(path)
		if convertible(err) {
			return nil, fmt.Errorf("%w; nothing of it was run; if you trust the file, convert it with: %s", err, convert(format, path))
		}
		if err != nil {
			return nil, err
		}
		return source, nil
	case format != "":
		return nil, fmt.Errorf("its format is %s, and only safetensors files and checkpoints of PyTorch are read; convert it with: %s",
			format, convert(format, path))
	}
	source, err := openSafetensors(path, maxHeader)
	if err != nil {
		return nil, err
	}
	return source, nil
}

// convert is the command that makes a safetensors file of a file.
func convert(format, path string) string {
	target := strings.TrimSuffix(path, filepath.Ext(path)) + ".safetensors"
	if target == path { // what is converted is not overwritten
		target = strings.TrimSuffix(path, ".safetensors") + ".converted.safetensors"
	}
	return fmt.Sprintf(conversions[format], shellWord(path), shellWord(target))
}

// plain takes the path off an error, which the caller names.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// sniffed is how many bytes of a file are looked at for its format.
const sniffed = 256

// The reasons for which a file is not weights, although a download has given it their name.
var (
	// ErrLFSPointer is a file that Git LFS left in place of the weights.
	ErrLFSPointer = errors.New("a Git LFS pointer, not the weights themselves: run git lfs pull in its repository, or download the file")
	// ErrHTML is a page of a web site.
	ErrHTML = errors.New("an HTML page, not weights: download the file itself, not the page that shows it")
	// ErrNotSafetensors is a file of an unknown format.
	ErrNotSafetensors = errors.New("not a safetensors file")
)

// refuse knows what is often saved under the name of weights.
func refuse(head []byte) error {
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))) // a byte order mark
	switch {
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return ErrLFSPointer
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return ErrHTML
	}
	return nil
}

// sniff returns the format's name as conversions has it, or an empty string for what may be safetensors.
func sniff(path string) (string, error) {
	file, err := safefile.Open(path)
	if err != nil {
		return "", plain(err)
	}
	defer func() { _ = file.Close() }() // only read
	head := make([]byte, sniffed)
	n, _ := io.ReadFull(file, head) // a shorter file is told by what reads it
	head = head[:n]
	if err := refuse(head); err != nil {
		return "", err
	}
	extension := strings.ToLower(filepath.Ext(path))
	switch {
	case bytes.HasPrefix(head, []byte("\x89HDF\r\n\x1a\n")):
		return "HDF5", nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) && extension == ".keras":
		return "Keras", nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), // PyTorch's zipped pickle
		// A bare pickle; the length of a safetensors header may begin with the same two bytes, but then zeros follow.
		len(head) > 4 && head[0] == 0x80 && head[1] >= 2 && head[1] <= 5 && !bytes.Equal(head[4:min(lengthBytes, len(head))], make([]byte, 4)):
		return pickled, nil
	}
	switch extension {
	case ".h5", ".hdf5":
		return "HDF5", nil
	case ".keras":
		return "Keras", nil
	case ".pth", ".pt", ".bin", ".ckpt", ".pkl":
		return pickled, nil
	}
	return "", nil
}
