package weights

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// kerasToSafetensors is the last step of Keras's conversions: weights under the names that Keras gives them.
const kerasToSafetensors = `numpy.save_file({w.path: w.numpy().copy() for w in m.weights}, '%[2]s')"`

// conversions show, for the formats that are refused, the command that makes a safetensors file of them. HDF5 and pickle are
// refused because their readers have a record of holes, and a pickle runs code.
var conversions = map[string]string{
	"HDF5": `python -P -c "import keras; from safetensors import numpy; m = keras.applications.ResNet50(weights='%[1]s'); ` +
		kerasToSafetensors + ` (with include_top=False where the file was saved without its top)`,
	"Keras": `python -P -c "import keras; from safetensors import numpy; m = keras.models.load_model('%[1]s'); ` + kerasToSafetensors,
	"pickle": `python -P -c "import torch; from safetensors import torch as st; ` +
		`st.save_file(torch.load('%[1]s', map_location='cpu', weights_only=True), '%[2]s')"`,
}

// Open opens a safetensors file. Other formats are known by their first bytes or their name, and refused with the command
// that converts them.
func Open(path string) (Source, error) {
	format, err := sniff(path)
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", path, err)
	}
	if conversion, ok := conversions[format]; ok {
		target := strings.TrimSuffix(path, filepath.Ext(path)) + ".safetensors"
		return nil, fmt.Errorf("open weights %s: it is of the format %s, and only safetensors files are read; convert it with: %s",
			path, format, fmt.Sprintf(conversion, path, target))
	}
	source, err := openSafetensors(path)
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", path, err)
	}
	return source, nil
}

// sniff returns the format's name as conversions has it, or an empty string for what may be safetensors.
func sniff(path string) (string, error) {
	file, err := safefile.Open(path)
	if errors.Is(err, safefile.ErrNotRegular) {
		return "", errors.New("it is no regular file; name the safetensors file itself")
	}
	if err != nil {
		return "", errors.Unwrap(err) // the path is named by the caller
	}
	defer func() { _ = file.Close() }() // only read
	head := make([]byte, 8)
	if n, err := io.ReadFull(file, head); err != nil {
		head = head[:n]
	}
	extension := strings.ToLower(filepath.Ext(path))
	switch {
	case bytes.HasPrefix(head, []byte("\x89HDF\r\n\x1a\n")):
		return "HDF5", nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")) && extension == ".keras":
		return "Keras", nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), // PyTorch's zipped pickle
		// A bare pickle; the length of a safetensors header may begin with the same two bytes, but then zeros follow.
		bytes.HasPrefix(head, []byte("\x80\x02")) && !bytes.HasSuffix(head, make([]byte, 4)):
		return "pickle", nil
	}
	switch extension {
	case ".h5", ".hdf5":
		return "HDF5", nil
	case ".keras":
		return "Keras", nil
	case ".pth", ".pt", ".bin", ".ckpt", ".pkl":
		return "pickle", nil
	}
	return "", nil
}
