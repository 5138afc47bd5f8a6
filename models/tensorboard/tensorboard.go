// Package tensorboard writes TensorBoard's event files.
//
// A file is a sequence of TFRecords, each an Event protocol buffer. The fields are those of event.proto and summary.proto of
// TensorFlow and of the hparams plugin's plugin_data.proto; the framing with its masked checksums is that of TensorFlow's
// lib/io/record_writer. No maintained Go library writes them.
package tensorboard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Writer appends events to one file. It is not safe for concurrent use.
type Writer struct {
	file *os.File
}

// prefix begins the names by which TensorBoard finds its files. A number of seconds follows.
const prefix = "events.out.tfevents."

// Create makes a file in a folder, which it creates as well. The time is that of the run, and part of the name: a file of an
// earlier export of the same run is replaced.
func Create(dir string, at time.Time) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("create the folder of a TensorBoard log: %w", err)
	}
	file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s%010d.headstart", prefix, at.Unix())))
	if err != nil {
		return nil, fmt.Errorf("create a TensorBoard log: %w", err)
	}
	w := &Writer{file: file}
	if err := w.event(at, 0, protowire.AppendString(protowire.AppendTag(nil, eventFileVersion, protowire.BytesType), "brain.Event:2")); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// Exists says whether a folder has an event file already.
func Exists(dir string) bool {
	found, err := filepath.Glob(filepath.Join(globQuote(dir), prefix+"*"))
	return err == nil && len(found) > 0
}

// globQuote makes a path mean itself in a pattern.
func globQuote(path string) string {
	var quoted []byte
	for i := range len(path) {
		if c := path[i]; c == '*' || c == '?' || c == '[' || c == '\\' {
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, path[i])
	}
	return string(quoted)
}

// A Scalar is one value of a step.
type Scalar struct {
	Tag   string
	Value float64
}

// Scalars writes the values of a step; one that is not a number is left out.
func (w *Writer) Scalars(at time.Time, step int, values ...Scalar) error {
	var summary []byte
	for _, v := range values {
		if math.IsNaN(v.Value) {
			continue
		}
		value := appendString(nil, valueTag, v.Tag)
		value = protowire.AppendFixed32(protowire.AppendTag(value, valueSimple, protowire.Fixed32Type), math.Float32bits(float32(v.Value)))
		summary = appendMessage(summary, summaryValue, value)
	}
	if len(summary) == 0 {
		return nil
	}
	return w.event(at, step, appendMessage(nil, eventSummary, summary))
}

// Text writes a text in Markdown, for the text plugin.
func (w *Writer) Text(at time.Time, step int, tag, markdown string) error {
	tensor := protowire.AppendVarint(protowire.AppendTag(nil, tensorType, protowire.VarintType), typeString)
	tensor = appendMessage(tensor, tensorShape, shapeOf(1))
	tensor = appendString(tensor, tensorString, markdown)
	return w.event(at, step, summaryOf(tag, tensor, appendString(nil, pluginName, "text")))
}

// Parameters begins a session of the hparams plugin: the hyper-parameters by name, each a bool, a number or a string. The group
// is what the plugin calls the session by.
func (w *Writer) Parameters(at time.Time, group string, parameters map[string]any) error {
	var start []byte
	names := make([]string, 0, len(parameters))
	for name := range parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		entry := appendString(nil, mapKey, name)
		entry = appendMessage(entry, mapValue, valueOf(parameters[name]))
		start = appendMessage(start, startParameters, entry)
	}
	start = appendString(start, startGroup, group)
	start = appendDouble(start, startTime, seconds(at))
	return w.session(at, "_hparams_/session_start_info", appendMessage(nil, pluginStart, start))
}

// statusSuccess and statusFailure are of the hparams plugin's enumeration Status.
const (
	statusSuccess = 1
	statusFailure = 2
)

// End ends the session of the hparams plugin.
func (w *Writer) End(at time.Time, success bool) error {
	status := uint64(statusFailure)
	if success {
		status = statusSuccess
	}
	end := protowire.AppendVarint(protowire.AppendTag(nil, endStatus, protowire.VarintType), status)
	end = appendDouble(end, endTime, seconds(at))
	return w.session(at, "_hparams_/session_end_info", appendMessage(nil, pluginEnd, end))
}

// session writes a summary of the hparams plugin: its data in the metadata, beside a tensor without values.
func (w *Writer) session(at time.Time, tag string, content []byte) error {
	data := appendString(nil, pluginName, "hparams")
	data = appendMessage(data, pluginContent, content)
	tensor := protowire.AppendVarint(protowire.AppendTag(nil, tensorType, protowire.VarintType), typeFloat)
	tensor = appendMessage(tensor, tensorShape, shapeOf(0))
	return w.event(at, 0, summaryOf(tag, tensor, data))
}

// shapeOf is a TensorShapeProto of one dimension.
func shapeOf(size uint64) []byte {
	return appendMessage(nil, shapeDimension, protowire.AppendVarint(protowire.AppendTag(nil, dimensionSize, protowire.VarintType), size))
}

// summaryOf is the field of an Event with one value, a tensor of a plugin.
func summaryOf(tag string, tensor, pluginData []byte) []byte {
	value := appendString(nil, valueTag, tag)
	value = appendMessage(value, valueTensor, tensor)
	value = appendMessage(value, valueMetadata, appendMessage(nil, metadataPlugin, pluginData))
	return appendMessage(nil, eventSummary, appendMessage(nil, summaryValue, value))
}

// event writes one record; what is the field that it holds besides its time and step.
func (w *Writer) event(at time.Time, step int, what []byte) error {
	event := appendDouble(nil, eventTime, seconds(at))
	if step != 0 {
		event = protowire.AppendVarint(protowire.AppendTag(event, eventStep, protowire.VarintType), uint64(step))
	}
	event = append(event, what...)
	if err := writeRecord(w.file, event); err != nil {
		return fmt.Errorf("write a TensorBoard log: %w", err)
	}
	return nil
}

// Close closes the file.
func (w *Writer) Close() error { return w.file.Close() }

func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is TensorFlow's checksum: CRC-32C, rotated and with a constant added, since files that hold checksums are checked too.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// writeRecord writes a TFRecord with one call, so that a reader never finds half of its head.
func writeRecord(to io.Writer, data []byte) error {
	record := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	record = binary.LittleEndian.AppendUint32(record, masked(record))
	record = append(record, data...)
	record = binary.LittleEndian.AppendUint32(record, masked(data))
	_, err := to.Write(record)
	return err
}
