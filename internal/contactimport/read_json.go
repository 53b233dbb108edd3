package contactimport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// jsonReader reads {"contacts": [...]}, one contact after the other.
type jsonReader struct {
	decoder *json.Decoder
	line    int
	ended   bool
}

// maxContact bounds a contact in JSON, in bytes.
const maxContact = 64 << 10

// NewJSON begins to read a JSON object with the contacts.
func NewJSON(from io.Reader) (Reader, error) {
	r := &jsonReader{decoder: json.NewDecoder(from)}
	for _, want := range []json.Token{json.Delim('{'), "contacts", json.Delim('[')} {
		token, err := r.decoder.Token()
		if err != nil {
			return nil, r.fault(err)
		}
		if token != want {
			return nil, fileError(`must be a JSON object {"contacts": [...]}, and has %v where it must have %v`, token, want)
		}
	}
	return r, nil
}

// fault tells what is wrong with the text from what is wrong with reading it.
func (r *jsonReader) fault(err error) error {
	var syntax *json.SyntaxError
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fileError("malformed JSON: it ends too early, after contact %d", r.line)
	}
	if errors.As(err, &syntax) {
		return fileError("malformed JSON after contact %d: %v", r.line, err)
	}
	return err
}

func (r *jsonReader) Read() (Row, error) {
	if r.ended {
		return Row{}, io.EOF
	}
	if !r.decoder.More() {
		for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
			token, err := r.decoder.Token()
			if err != nil {
				return Row{}, r.fault(err)
			}
			if token != want {
				return Row{}, fileError("malformed JSON: %v beside the contacts", token)
			}
		}
		if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
			return Row{}, fileError("malformed JSON: more than one value")
		}
		r.ended = true
		return Row{}, io.EOF
	}
	var raw json.RawMessage
	if err := r.decoder.Decode(&raw); err != nil {
		return Row{}, r.fault(err)
	}
	r.line++
	return rowOf(r.line, raw), nil
}

// contact is a contact in JSON.
type contact struct {
	PhoneNumber  value            `json:"phoneNumber"`
	ExternalID   value            `json:"externalId"`
	TimeZone     *string          `json:"timeZone"`
	Language     *string          `json:"language"`
	Variables    map[string]value `json:"variables"`
	ConsentBasis *string          `json:"consentBasis"`
	ConsentAt    *string          `json:"consentAt"`
}

func rowOf(line int, raw []byte) Row {
	row := Row{Line: line, Fields: map[string]string{}, Text: excerpt(string(raw[:min(len(raw), 200)]))}
	switch {
	case len(raw) > maxContact:
		row.Fault = fmt.Sprintf("has more than %d bytes", maxContact)
		return row
	case !utf8.Valid(raw):
		row.Fault = "is not UTF-8"
		return row
	}
	var c contact
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		var wrong *json.UnmarshalTypeError
		row.Fault = "cannot be read: " + strings.TrimPrefix(err.Error(), "json: ")
		if errors.As(err, &wrong) {
			row.Fault = fmt.Sprintf("cannot be read: %s must not be a %s", cmp.Or(wrong.Field, "a contact"), wrong.Value)
		}
		return row
	}
	set := func(name, text string) {
		if text = strings.TrimSpace(text); text != "" {
			row.Fields[name] = text
		}
	}
	set(fieldPhoneNumber, string(c.PhoneNumber))
	set(fieldExternalID, string(c.ExternalID))
	for name, text := range map[string]*string{fieldTimeZone: c.TimeZone, fieldLanguage: c.Language, fieldConsentBasis: c.ConsentBasis, fieldConsentAt: c.ConsentAt} {
		if text != nil {
			set(name, *text)
		}
	}
	for name, text := range c.Variables {
		set(varPrefix+name, string(text))
	}
	return row
}
