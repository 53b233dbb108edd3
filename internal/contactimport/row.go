package contactimport

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// Row is a row of a list as it was written.
type Row struct {
	// Line is where it stands: the line of a CSV file on which it begins, or the number of a contact in JSON, from 1.
	Line int
	// Fields has what was said, by the names of the API; variables are var.NAME.
	Fields map[string]string
	// Fault says that the row cannot be read, "" for one that can; Text is the beginning of what is wrong then.
	Fault, Text string
}

// The fields of a row. A variable is one more, with its name behind varPrefix.
const (
	fieldPhoneNumber  = "phoneNumber"
	fieldExternalID   = "externalId"
	fieldTimeZone     = "timeZone"
	fieldLanguage     = "language"
	fieldConsentBasis = "consentBasis"
	fieldConsentAt    = "consentAt"
	varPrefix         = "var."
)

// Fields lists the columns of a CSV file, beside those of variables.
func Fields() []string {
	return []string{fieldPhoneNumber, fieldExternalID, fieldTimeZone, fieldLanguage, fieldConsentBasis, fieldConsentAt}
}

// The reasons for which a row is refused, beside those of the gate; see [interview.Refusals].
const (
	ReasonRow             = "INVALID_ROW"      // it cannot be read
	ReasonPhoneNumber     = "INVALID_NUMBER"   // it is no number that can be called
	ReasonDuplicate       = "DUPLICATE"        // its number stands above it in the same list
	ReasonContactExists   = "CONTACT_EXISTS"   // its number is a contact of the campaign already
	ReasonLanguage        = "INVALID_LANGUAGE" // it is no BCP 47 tag
	ReasonConsentAt       = "INVALID_TIME"     // it is no time
	ReasonText            = "INVALID_TEXT"     // it is too long, or has characters that cannot be spoken or kept
	ReasonVariable        = "INVALID_VARIABLE" // its name or its value cannot be used
	ReasonMissingVariable = "VARIABLE_MISSING" // a question names a variable that has no value
	reasonZone            = interview.RefusalZoneUnknown
)

// Action is what becomes of a row.
type Action string

// The actions.
const (
	ActionCall   Action = "call"   // the contact is called as soon as its turn comes
	ActionWait   Action = "wait"   // it is a contact, and may be called later
	ActionRefuse Action = "refuse" // it is no contact
)

// Result is what becomes, or would become, of one row.
type Result struct {
	Line int `json:"line"`
	// Action is call, wait or refuse; Reason says why it is not call.
	Action Action `json:"action"`
	Reason string `json:"reason,omitempty"`
	// Field and Value are what is wrong with a row that is refused, where it is about one field.
	Field string `json:"field,omitempty"`
	Value string `json:"value,omitempty"`
	// Detail says it in words.
	Detail string `json:"detail,omitempty"`
	// Until is when a contact that waits is looked at again.
	Until *time.Time `json:"until,omitempty"`
	// PhoneNumber is the number that was read, E.164; Warning says why it looks wrong, and does not refuse it.
	PhoneNumber string `json:"phoneNumber,omitempty"`
	Warning     string `json:"warning,omitempty"`
	ExternalID  string `json:"externalId,omitempty"`
}

// Counts are the results by what they are.
type Counts struct {
	// Rows are all; WillCall, those that Waits counts and those that Refused counts add up to it.
	Rows     int `json:"rows"`
	WillCall int `json:"willCall"`
	// Waits counts contacts that wait, by reason, and says when the first of them is looked at again.
	Waits map[string]Waits `json:"waits"`
	// Refused counts the rows that are refused, by reason.
	Refused map[string]int `json:"refused"`
	// Warnings counts the numbers that look wrong and are taken nevertheless.
	Warnings int `json:"warnings"`
}

// Waits are contacts that wait for the same reason.
type Waits struct {
	Count int       `json:"count"`
	Until time.Time `json:"until"`
}

// Contacts are how many rows are contacts, or would be.
func (c Counts) Contacts() int {
	n := c.WillCall
	for _, w := range c.Waits {
		n += w.Count
	}
	return n
}

func (c *Counts) add(r Result) {
	c.Rows++
	if r.Warning != "" {
		c.Warnings++
	}
	switch r.Action {
	case ActionCall:
		c.WillCall++
	case ActionWait:
		w := c.Waits[r.Reason]
		if w.Count++; w.Until.IsZero() || r.Until.Before(w.Until) {
			w.Until = *r.Until
		}
		c.Waits[r.Reason] = w
	case ActionRefuse:
		c.Refused[r.Reason]++
	}
}

// value is a JSON text, number or truth value as text.
type value string

func (v *value) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '"':
		return json.Unmarshal(text, (*string)(v))
	case '{', '[':
		return errors.New("a value must be a text, a number or a truth value")
	case 'n': // null
		*v = ""
	default:
		*v = value(text)
	}
	return nil
}
