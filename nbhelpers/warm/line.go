package warm

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrLineTooLong says that a line is longer than MaxLine.
var ErrLineTooLong = fmt.Errorf("a line of more than %d MiB: send images as file names, or in smaller batches", MaxLine>>20)

// ReadLine reads up to a line feed, and at most MaxLine bytes. At the end of input it returns io.EOF, also after an
// unfinished line.
func ReadLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			return nil, ErrLineTooLong
		}
		line = append(line, part...)
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}

// WriteLine writes a message as one line of JSON.
func WriteLine(w io.Writer, message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(line) >= MaxLine {
		return ErrLineTooLong
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
