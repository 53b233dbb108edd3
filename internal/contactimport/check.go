package contactimport

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/phone"
)

// Bounds of what a contact may have, in characters.
const (
	maxExternalID   = 200
	maxConsentBasis = 500
	maxVariables    = 50
	maxVariable     = 1000
)

// checker finds what is wrong with rows of one list for one campaign.
type checker struct {
	region string
	// needed are the variables that the campaign's questions name.
	needed []string
	now    time.Time
	zones  phone.Zones
	seen   map[uint64]int32 // the line of each number, by its digits
}

func newChecker(c interview.Campaign, now time.Time) *checker {
	_, needed := interview.FillQuestions(interview.Questions(c.PromptTemplate), nil)
	return &checker{region: c.Region, needed: needed, now: now, seen: map[uint64]int32{}}
}

// spreadsheetNumber is a number that a spreadsheet took for a quantity: its last digits are lost.
var spreadsheetNumber = regexp.MustCompile(`^\+?\d+([.,]\d+)?[eE]\+?\d+$`)

// check reads a row. The result has an action only when the row is refused.
func (k *checker) check(row Row) (interview.Contact, Result) {
	r := Result{Line: row.Line, ExternalID: excerpt(row.Fields[fieldExternalID])}
	var c interview.Contact
	if row.Fault != "" {
		return c, r.refused(ReasonRow, "", row.Text, row.Fault)
	}
	text := row.Fields[fieldPhoneNumber]
	if spreadsheetNumber.MatchString(text) {
		return c, r.refused(ReasonPhoneNumber, fieldPhoneNumber, text, "was made a quantity by a spreadsheet: format the column as text")
	}
	number, err := phone.Normalize(text, k.region)
	if err != nil {
		return c, r.refused(ReasonPhoneNumber, fieldPhoneNumber, text, err.Error())
	}
	r.PhoneNumber, r.Warning = number.E164, number.Warning
	c.PhoneNumber = number.E164
	digits, err := strconv.ParseUint(strings.TrimPrefix(number.E164, "+"), 10, 64)
	if err != nil { // a valid one has at most 15
		return c, r.refused(ReasonPhoneNumber, fieldPhoneNumber, text, phone.ErrNotCalled.Error())
	}
	if line, ok := k.seen[digits]; ok {
		return c, r.refused(ReasonDuplicate, fieldPhoneNumber, text, fmt.Sprintf("is on line %d, too", line))
	}
	if r := k.checkTexts(row, &c, r); r.Action != "" {
		return c, r
	}
	if r := k.checkVariables(row, &c, r); r.Action != "" {
		return c, r
	}
	k.seen[digits] = int32(row.Line)
	return c, r
}

func (k *checker) checkTexts(row Row, c *interview.Contact, r Result) Result {
	for _, bound := range []struct {
		name string
		most int
	}{{fieldExternalID, maxExternalID}, {fieldConsentBasis, maxConsentBasis}} {
		if problem := textProblem(row.Fields[bound.name], bound.most); problem != "" {
			return r.refused(ReasonText, bound.name, row.Fields[bound.name], problem)
		}
	}
	c.ExternalID, c.ConsentBasis = row.Fields[fieldExternalID], row.Fields[fieldConsentBasis]
	if c.TimeZone = row.Fields[fieldTimeZone]; c.TimeZone != "" && !k.zones.Known(c.TimeZone) {
		return r.refused(string(reasonZone), fieldTimeZone, c.TimeZone, phone.ErrZone.Error())
	}
	if tag := row.Fields[fieldLanguage]; tag != "" {
		parsed, err := language.Parse(tag)
		if err != nil {
			return r.refused(ReasonLanguage, fieldLanguage, tag, "is no language tag such as en-US (BCP 47)")
		}
		c.Language = parsed.String()
	}
	if text := row.Fields[fieldConsentAt]; text != "" {
		at, problem := k.moment(text)
		if problem != "" {
			return r.refused(ReasonConsentAt, fieldConsentAt, text, problem)
		}
		c.ConsentAt = &at
	}
	return r
}

// moment reads when somebody consented.
func (k *checker) moment(text string) (time.Time, string) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if at.After(k.now.Add(24 * time.Hour)) {
			return at, "is in the future"
		}
		return at.UTC(), ""
	}
	return time.Time{}, "is no time such as 2026-11-23T12:00:00Z or 2026-11-23"
}

// variableName is a name that a question can use.
var variableName = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)

func (k *checker) checkVariables(row Row, c *interview.Contact, r Result) Result {
	names := make([]string, 0, len(row.Fields))
	for name := range row.Fields {
		if variable, ok := strings.CutPrefix(name, varPrefix); ok {
			names = append(names, variable)
		}
	}
	slices.Sort(names)
	if len(names) > maxVariables {
		return r.refused(ReasonVariable, "variables", "", fmt.Sprintf("are more than %d", maxVariables))
	}
	for _, name := range names {
		text := row.Fields[varPrefix+name]
		if !variableName.MatchString(name) {
			return r.refused(ReasonVariable, varPrefix+excerpt(name), name, "must be named by letters, digits and _ alone")
		}
		if problem := textProblem(text, maxVariable); problem != "" {
			return r.refused(ReasonVariable, varPrefix+name, text, problem)
		}
		if c.Variables == nil {
			c.Variables = map[string]string{}
		}
		c.Variables[name] = text
	}
	for _, name := range k.needed {
		if c.Variables[name] == "" {
			return r.refused(ReasonMissingVariable, varPrefix+name, "", "is missing: a question of the campaign names it")
		}
	}
	return r
}

func (r Result) refused(reason, field, value, detail string) Result {
	r.Action, r.Reason, r.Field, r.Value, r.Detail = ActionRefuse, reason, field, excerpt(value), detail
	return r
}

// textProblem says why a text cannot be kept and spoken, "" for one that can.
func textProblem(text string, most int) string {
	if utf8.RuneCountInString(text) > most {
		return fmt.Sprintf("has more than %d characters", most)
	}
	for _, c := range text {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f || c == 0xfffe || c == 0xffff {
			return "has control characters"
		}
	}
	return ""
}
