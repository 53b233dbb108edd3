package measure

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ContactList is a file with contacts, and its media type.
type ContactList struct {
	File, Media string
	// Rows are all, Contacts those without a fault.
	Rows, Contacts int
}

// contact is a row.
type contact struct {
	PhoneNumber  string            `json:"phoneNumber"`
	ExternalID   string            `json:"externalId"`
	TimeZone     string            `json:"timeZone"`
	Language     string            `json:"language"`
	ConsentBasis string            `json:"consentBasis"`
	ConsentAt    string            `json:"consentAt"`
	Variables    map[string]string `json:"variables"`
}

// NewContactList writes a list into a folder: one row in ten is faulty, in one of five ways in turn.
func NewContactList(folder, format string, rows int) (l ContactList, err error) {
	l = ContactList{File: filepath.Join(folder, "contacts."+format), Media: map[string]string{"csv": "text/csv", "json": "application/json"}[format], Rows: rows}
	file, err := os.Create(l.File)
	if err != nil {
		return l, err
	}
	defer func() { _ = file.Close() }()
	w := bufio.NewWriter(file)
	write := writeCSV
	if format == "json" {
		write = writeJSON
	}
	if err := write(w, rows, func(n int) contact {
		c := row(n)
		if n%10 == 9 {
			spoil(&c, n/10%5)
		} else {
			l.Contacts++
		}
		return c
	}); err != nil {
		return l, err
	}
	return l, w.Flush()
}

func row(n int) contact {
	return contact{PhoneNumber: fmt.Sprintf("(212) %03d-%04d", 200+n/10_000, n%10_000), ExternalID: fmt.Sprintf("customer-%d", n), TimeZone: "America/New_York",
		Language: "en-US", ConsentBasis: "agreed on the order form", ConsentAt: "2026-05-04T10:00:00Z",
		Variables: map[string]string{"product": "oat drink", "shop": fmt.Sprintf("the corner shop at number %d", n)}}
}

func spoil(c *contact, how int) {
	switch how {
	case 0:
		c.PhoneNumber = "unknown"
	case 1:
		c.PhoneNumber = row(0).PhoneNumber // a duplicate
	case 2:
		c.TimeZone = "Mars/Olympus"
	case 3:
		c.Variables = nil
	case 4:
		c.ConsentAt = "last spring"
	}
}

func writeCSV(to io.Writer, rows int, of func(int) contact) error {
	w := csv.NewWriter(to)
	_ = w.Write([]string{"phoneNumber", "externalId", "timeZone", "language", "consentBasis", "consentAt", "var.product", "var.shop"}) // Error says it
	for n := range rows {
		c := of(n)
		_ = w.Write([]string{c.PhoneNumber, c.ExternalID, c.TimeZone, c.Language, c.ConsentBasis, c.ConsentAt, c.Variables["product"], c.Variables["shop"]})
	}
	w.Flush()
	return w.Error()
}

func writeJSON(to io.Writer, rows int, of func(int) contact) error {
	encoder := json.NewEncoder(to)
	_, err := io.WriteString(to, `{"contacts": [`)
	for n := 0; n < rows && err == nil; n++ {
		if n > 0 {
			_, err = io.WriteString(to, ",")
		}
		if err == nil {
			err = encoder.Encode(of(n))
		}
	}
	if err == nil {
		_, err = io.WriteString(to, "]}\n")
	}
	return err
}
