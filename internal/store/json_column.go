package store

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// jsonColumn scans a column of JSON text into what To points to, which stays as it is for an empty text.
type jsonColumn struct{ To any }

// Scan implements sql.Scanner.
func (c jsonColumn) Scan(src any) error {
	var text []byte
	switch v := src.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		return fmt.Errorf("scanning a column of JSON: %T is no text", src)
	}
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, c.To)
}

// encoded is a value as a column of JSON keeps it: "" for a zero value.
func encoded(v any) (string, error) {
	if value := reflect.ValueOf(v); !value.IsValid() || value.IsZero() {
		return "", nil
	}
	text, err := json.Marshal(v)
	return string(text), err
}

// encodedIfSet is encoded of what a pointer points to, and false for nil.
func encodedIfSet(pointer any) (string, bool, error) {
	value := reflect.ValueOf(pointer)
	if value.IsNil() {
		return "", false, nil
	}
	text, err := encoded(value.Elem().Interface())
	return text, true, err
}
