package contactimport

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
)

// CompressedList is a JSON array that is made element by element and kept compressed, until it is written or read: what becomes of
// 100,000 rows takes a few megabytes. The zero value is empty. Add nothing once it was written or read.
type CompressedList struct {
	compressed bytes.Buffer
	writer     *flate.Writer
	encoder    *json.Encoder
	elements   int
}

// Add puts an element at the end.
func (l *CompressedList) Add(element any) error {
	if l.writer == nil {
		writer, err := flate.NewWriter(&l.compressed, flate.BestSpeed)
		if err != nil {
			return fmt.Errorf("compressing a list: %w", err)
		}
		l.writer, l.encoder = writer, json.NewEncoder(writer)
	}
	separator := ","
	if l.elements == 0 {
		separator = "["
	}
	l.elements++
	if _, err := io.WriteString(l.writer, separator); err != nil {
		return fmt.Errorf("compressing a list: %w", err)
	}
	if err := l.encoder.Encode(element); err != nil {
		return fmt.Errorf("adding to a list: %w", err)
	}
	return nil
}

// Len is how many elements there are.
func (l *CompressedList) Len() int { return l.elements }

// WriteTo writes the array as JSON, [] without an element.
func (l *CompressedList) WriteTo(w io.Writer) (int64, error) {
	array, err := l.reader()
	if err != nil {
		return 0, err
	}
	return io.Copy(w, array)
}

// reader reads the array as JSON.
func (l *CompressedList) reader() (io.Reader, error) {
	if l.writer == nil {
		return bytes.NewReader([]byte("[]")), nil
	}
	if err := l.writer.Close(); err != nil {
		return nil, fmt.Errorf("compressing a list: %w", err)
	}
	return io.MultiReader(flate.NewReader(bytes.NewReader(l.compressed.Bytes())), bytes.NewReader([]byte("]"))), nil
}

// decoded gives the elements of a list to each, in their order, until that has an error.
func decoded[Element any](l *CompressedList, each func(Element) error) error {
	array, err := l.reader()
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(array)
	if _, err := decoder.Token(); err != nil { // the bracket
		return fmt.Errorf("reading a list: %w", err)
	}
	for decoder.More() {
		var element Element
		if err := decoder.Decode(&element); err != nil {
			return fmt.Errorf("reading a list: %w", err)
		}
		if err := each(element); err != nil {
			return err
		}
	}
	return nil
}
