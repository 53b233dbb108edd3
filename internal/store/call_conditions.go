package store

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// ConditionError says what is wrong with a condition of a list, as somebody wrote it.
type ConditionError struct {
	// Name is the condition's, Problem what it must be.
	Name, Problem string
	// Words, if set, are those of which it must be one; Problem is then empty.
	Words []string
}

func (e *ConditionError) Error() string {
	if len(e.Words) > 0 {
		return e.Name + " must be one of " + strings.Join(e.Words, ", ")
	}
	return e.Name + " " + e.Problem
}

// CallConditions are the names of the conditions of a list of calls.
func CallConditions() []string {
	return []string{"status", "campaignId", "phoneNumber", "callSid", "errorCode", "sipResponse", "consentGiven", "simulated", "direction", "minAttempt", "claims", "disposition",
		"since", "until", "awaiting", "overdue"}
}

// ParseCallFilter reads the conditions of a list of calls by the names that addresses of the API and of the console have for them. An
// empty value is none. Which statuses are wanted is read by ParseStatuses.
//
// The error is a *ConditionError, or that of interview.ParseTimes.
func ParseCallFilter(query url.Values, deadlines interview.Deadlines, now time.Time) (by CallFilter, err error) {
	for _, read := range []func(url.Values) error{by.readIDs, by.readNumber, by.readCode, by.readSIPResponse, by.readConsent, by.readKind, by.readAttempt, by.readClaims, by.readDisposition} {
		if err := read(query); err != nil {
			return CallFilter{}, err
		}
	}
	if err := by.readDue(query, deadlines); err != nil {
		return CallFilter{}, err
	}
	by.Since, by.Until, err = interview.ParseTimes(query.Get("since"), query.Get("until"), now)
	return by, err
}

func (by *CallFilter) readIDs(query url.Values) error {
	by.CampaignID, by.CallSid = query.Get("campaignId"), query.Get("callSid")
	for _, name := range []string{"campaignId", "callSid"} {
		if !PlausibleID(query.Get(name)) {
			return &ConditionError{Name: name, Problem: "is not an id"}
		}
	}
	return nil
}

// MaxID bounds an id; ours have 26 characters.
const MaxID = 64

// PlausibleID keeps from the database what could not be an id, such as a NUL, which Postgres takes for an error. "" is plausible.
func PlausibleID(id string) bool {
	strange := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	return len(id) <= MaxID && !strings.ContainsFunc(id, strange)
}

// readNumber reads a number. A plus sign that was not escaped is a blank in a query, and one that was left out is understood. The number
// is in no error.
func (by *CallFilter) readNumber(query url.Values) (err error) {
	by.PhoneNumber, err = ParseNumber("phoneNumber", query.Get("phoneNumber"))
	return err
}

// ParseNumber reads a number to filter by, "" for none. The error is a *ConditionError.
func ParseNumber(name, text string) (string, error) {
	number := strings.TrimSpace(text)
	if number == "" {
		return "", nil
	}
	if number[0] != '+' {
		number = "+" + number
	}
	if !interview.ValidPhoneNumber(number) {
		return "", NoNumber(name)
	}
	return number, nil
}

// NoNumber is the error of a text that is no number.
func NoNumber(name string) *ConditionError {
	return &ConditionError{Name: name, Problem: "must be an E.164 number such as +15551234567"}
}

func (by *CallFilter) readCode(query url.Values) error {
	text := query.Get("errorCode")
	if text == "" {
		return nil
	}
	code, err := strconv.ParseInt(text, 10, 32)
	if err != nil || code < 1 {
		return &ConditionError{Name: "errorCode", Problem: "must be a code such as 21211"}
	}
	by.ErrorCode = int(code)
	return nil
}

func (by *CallFilter) readSIPResponse(query url.Values) (err error) {
	text := query.Get("sipResponse")
	if text == "" {
		return nil
	}
	if by.SIPResponse, err = strconv.Atoi(text); err != nil || !interview.FinalSIPResponse(by.SIPResponse) {
		return &ConditionError{Name: "sipResponse", Problem: "must be a response such as 486"}
	}
	return nil
}

func (by *CallFilter) readConsent(query url.Values) error {
	text := query.Get("consentGiven")
	if text == "" {
		return nil
	}
	consent, ok := map[string]interview.Consent{"true": interview.ConsentGiven, "false": interview.ConsentRefused, "null": interview.ConsentUnknown}[text]
	if !ok {
		return &ConditionError{Name: "consentGiven", Problem: "must be true, false or null"}
	}
	by.Consent = &consent
	return nil
}

// readKind reads whether calls are simulated, and who made them.
func (by *CallFilter) readKind(query url.Values) error {
	switch text := query.Get("simulated"); text {
	case "":
	case "true", "false":
		is := text == "true"
		by.Simulated = &is
	default:
		return &ConditionError{Name: "simulated", Problem: "must be true or false"}
	}
	if by.Direction = interview.Direction(query.Get("direction")); by.Direction != "" && !by.Direction.Valid() {
		return &ConditionError{Name: "direction", Problem: "must be inbound or outbound"}
	}
	return nil
}

func (by *CallFilter) readAttempt(query url.Values) (err error) {
	text := query.Get("minAttempt")
	if text == "" {
		return nil
	}
	if by.MinAttempt, err = strconv.Atoi(text); err != nil || by.MinAttempt < 1 || by.MinAttempt > interview.MaxAttempts {
		return &ConditionError{Name: "minAttempt", Problem: fmt.Sprintf("must be a number from 1 to %d", interview.MaxAttempts)}
	}
	return nil
}

// readClaims reads what became of a claim of the call.
func (by *CallFilter) readClaims(query url.Values) error {
	text := query.Get("claims")
	if text != "" && text != "rejected" {
		return &ConditionError{Name: "claims", Problem: "must be rejected"}
	}
	by.RejectedClaims = text != ""
	return nil
}

// readDisposition reads which final disposition the call gave its contact. It is looked for in one campaign.
func (by *CallFilter) readDisposition(query url.Values) error {
	by.Disposition = interview.Disposition(query.Get("disposition"))
	switch {
	case by.Disposition == "":
	case by.Disposition.Name() == "":
		words := make([]string, 0, len(interview.Dispositions()))
		for _, d := range interview.Dispositions() {
			words = append(words, string(d))
		}
		return &ConditionError{Name: "disposition", Words: words}
	case query.Get("campaignId") == "":
		return &ConditionError{Name: "disposition", Problem: "needs campaignId: it is counted for a campaign"}
	case query.Get("overdue") != "" || query.Get("awaiting") != "":
		return &ConditionError{Name: "disposition", Problem: "is of calls that are over, and cannot be beside overdue or awaiting"}
	}
	return nil
}

// readDue reads what is to come of calls.
func (by *CallFilter) readDue(query url.Values, deadlines interview.Deadlines) error {
	overdue, awaiting := query.Get("overdue"), interview.Overdue(query.Get("awaiting"))
	if awaiting != "" {
		if !slices.Contains(interview.Awaitable(), awaiting) {
			words := make([]string, 0, len(interview.Awaitable()))
			for _, what := range interview.Awaitable() {
				words = append(words, string(what))
			}
			return &ConditionError{Name: "awaiting", Words: words}
		}
		by.Awaiting = &Awaiting{What: awaiting, Deadlines: deadlines, InTime: overdue == "false"}
	}
	switch {
	case overdue == "true":
		by.Overdue = &deadlines
	case overdue != "" && (overdue != "false" || awaiting == ""):
		return &ConditionError{Name: "overdue", Problem: "must be true, or false beside awaiting"}
	}
	return nil
}

// ParseStatuses reads statuses with commas between them. unknown is the first word that is none.
func ParseStatuses(text string) (statuses []interview.CallStatus, unknown string) {
	for word := range strings.SplitSeq(text, ",") {
		status := interview.CallStatus(word)
		switch {
		case word == "":
		case !status.Valid():
			return nil, word
		default:
			statuses = append(statuses, status)
		}
	}
	return statuses, ""
}
