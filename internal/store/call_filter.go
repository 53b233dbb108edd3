package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// CallFilter chooses calls; an empty field asks for nothing.
type CallFilter struct {
	CampaignID string
	// Statuses are those of which a call has one.
	Statuses []interview.CallStatus
	// PhoneNumber is E.164. A call whose personal data was erased is not found by it.
	PhoneNumber string
	CallSid     string
	// ErrorCode is Twilio's.
	ErrorCode int
	// SIPResponse chooses the calls of which the SIP response is all that Twilio says of why nobody answered, among the MaxEnded of each such end
	// that come next in a list.
	SIPResponse int
	// Consent is nil for any; it points to ConsentUnknown for calls without an answer.
	Consent *interview.Consent
	// Simulated chooses simulated calls or, with false, the others; nil is for any.
	Simulated *bool
	// Direction is "" for calls that we made and calls that came in.
	Direction interview.Direction
	// MinAttempt chooses the calls of a contact from its MinAttempt-th on, such as 2 for whoever was called again; 0 and 1 are for any.
	MinAttempt int
	// RejectedClaims chooses the calls that have a claim which was rejected, among the MaxRejected of these that come next in a list.
	RejectedClaims bool
	// Disposition chooses the calls that gave their contacts this final disposition; see interview.Disposition.DecidedBy. A part of the
	// list may then have few calls, or none, though another part follows: it looks at MaxDecided calls. CampaignID must be set, and
	// Overdue and Awaiting must not.
	Disposition interview.Disposition
	// Since and Until bound when the call was created: from Since on, before Until.
	Since, Until time.Time
	// Overdue chooses calls of which something is overdue by these deadlines; see Store.Overdue.
	Overdue *interview.Deadlines
	// Awaiting chooses calls by what comes next of them.
	Awaiting *Awaiting
}

// Awaiting is what a call waits for next, by the deadlines of an installation.
type Awaiting struct {
	What      interview.Overdue
	Deadlines interview.Deadlines
	// InTime leaves out calls of which it is overdue.
	InTime bool
}

// byDue reports whether the filter asks what is to come of calls.
func (by CallFilter) byDue() bool { return by.Overdue != nil || by.Awaiting != nil }

// ByColumns reports whether the columns of a call alone tell that the filter chooses it. Of others neither [CallFilter.Matches] nor
// Store.Newest can tell it.
func (by CallFilter) ByColumns() bool {
	return !by.byDue() && !by.RejectedClaims && by.Disposition == ""
}

// MaxOverdueCalls bounds how many calls Overdue and Awaiting look among: the newest of them.
const MaxOverdueCalls = 10_000

// MaxRejected bounds how many calls with a rejected claim a part of a list is chosen from. They are found by an index of their claims,
// and each of them is looked up.
const MaxRejected = 5_000

// MaxEnded bounds how many calls of each end a part of a list by SIP response is chosen from: no index has the response.
const MaxEnded = 2_000

func (by CallFilter) conditions() filter { return by.conditionsBeside("<", "") }

// conditionsBeside are the conditions for the calls below ("<") or above (">") an id; "" is no bound. That the calls are on this side
// is a condition of its own: here it is where MaxRejected begins to count.
func (by CallFilter) conditionsBeside(beside, id string) filter {
	var f filter
	f.equal("calls.campaign_id", by.CampaignID)
	statuses := slices.Sorted(slices.Values(by.Statuses))
	f.anyStatus(slices.Compact(statuses))
	if by.PhoneNumber != "" {
		f.conditions = append(f.conditions, "calls.phone_number <> ''") // as its index says it
		f.equal("calls.phone_number", by.PhoneNumber)
	}
	if by.CallSid != "" {
		f.conditions = append(f.conditions, "calls.twilio_sid <> ''")
		f.equal("calls.twilio_sid", by.CallSid)
	}
	if by.ErrorCode != 0 {
		f.conditions = append(f.conditions, "calls.error_code <> 0")
		f.compare("calls.error_code", "=", by.ErrorCode)
	}
	if by.Consent != nil {
		f.conditions = append(f.conditions, "calls.consent = '"+string(*by.Consent)+"'")
	}
	if by.Simulated != nil && *by.Simulated {
		f.conditions = append(f.conditions, "calls.simulated")
	} else if by.Simulated != nil {
		f.conditions = append(f.conditions, "NOT calls.simulated")
	}
	// Calls that came in have indexes of their own. Those that we made are nearly all: whoever wants them skips few.
	f.equalWord("calls.direction", string(by.Direction))
	if by.MinAttempt > 1 {
		f.conditions = append(f.conditions, "calls.attempt > 1") // as its index says it
		f.compare("calls.attempt", ">=", by.MinAttempt)
	}
	if by.RejectedClaims {
		f.haveRejectedClaims(by, beside, id)
	}
	if by.SIPResponse != 0 {
		f.haveSIPResponse(by, beside, id)
	}
	f.between("calls", "created_at", by.Since, by.Until, 0)
	return f
}

// haveSIPResponse chooses calls by the SIP response with which they ended, among those that ended without an answer.
func (f *filter) haveSIPResponse(by CallFilter, beside, id string) {
	order := " DESC"
	if beside == ">" {
		order = ""
	}
	message := f.arg(interview.SIPResponseMessage(by.SIPResponse))
	most := f.arg(MaxEnded)
	var parts []string
	for _, status := range interview.CallStatuses() {
		if !status.Terminal() || status == interview.CallCompleted {
			continue
		}
		ended := filter{conditions: []string{"ended.ended_as = '" + string(status) + "'"}, args: f.args}
		if id != "" {
			ended.compare("ended.id", beside, id)
		}
		if !by.Since.IsZero() {
			ended.compare("ended.id", ">=", firstID(by.Since))
		}
		if !by.Until.IsZero() {
			ended.compare("ended.id", "<", firstID(by.Until.Add(time.Millisecond)))
		}
		f.args = ended.args
		name := "ended_" + strings.ToLower(string(status))
		parts = append(parts, "SELECT id FROM (SELECT ended.id, ended.error_message FROM calls AS ended"+ended.where()+" ORDER BY ended.id"+order+" LIMIT "+most+") AS "+name+
			" WHERE error_message = "+message)
	}
	f.conditions = append(f.conditions, "calls.id IN ("+strings.Join(parts, " UNION ALL ")+")")
}

// haveRejectedClaims chooses calls that have a rejected claim. Their ids begin with the time at which they were created.
func (f *filter) haveRejectedClaims(by CallFilter, beside, id string) {
	of := filter{conditions: []string{"claims.rejected <> ''"}, args: f.args} // as their index says it
	if !by.Since.IsZero() {
		of.compare("claims.call_id", ">=", firstID(by.Since))
	}
	if !by.Until.IsZero() {
		of.compare("claims.call_id", "<", firstID(by.Until.Add(time.Millisecond)))
	}
	if id != "" {
		of.compare("claims.call_id", beside, id)
	}
	order := " DESC"
	if beside == ">" {
		order = ""
	}
	f.args = of.args
	f.conditions = append(f.conditions, "calls.id IN (SELECT call_id FROM (SELECT DISTINCT claims.call_id FROM claims"+of.where()+
		" ORDER BY claims.call_id"+order+" LIMIT "+f.arg(MaxRejected)+") AS rejected)")
}

// liveStatuses is how many statuses a call has that is not over.
const liveStatuses = 5

// anyStatus chooses calls that have one of the statuses. Their index is of how a call ended, which is ” for all that live.
func (f *filter) anyStatus(statuses []interview.CallStatus) {
	live := 0
	for _, status := range interview.CallStatuses() {
		if !status.Terminal() && slices.Contains(statuses, status) {
			live++
		}
	}
	if live == liveStatuses { // all that live, as of "not COMPLETED"
		f.anyOf = append(f.anyOf, "calls.ended_as = ''")
		statuses = slices.DeleteFunc(slices.Clone(statuses), func(s interview.CallStatus) bool { return !s.Terminal() })
	}
	for _, status := range statuses {
		ended := ""
		if status.Terminal() {
			ended = string(status)
		}
		one := filter{conditions: []string{"calls.ended_as = '" + ended + "'"}, args: f.args}
		if ended == "" {
			one.equalWord("calls.status", string(status))
		}
		f.args, f.anyOf = one.args, append(f.anyOf, strings.Join(one.conditions, " AND "))
	}
	if len(f.anyOf) == 1 {
		f.conditions, f.anyOf = append(f.conditions, f.anyOf...), nil
	}
}

// Calls lists calls.
func (s *Store) Calls(ctx context.Context, by CallFilter, page Page) (List[interview.Call], error) {
	f := by.conditionsBeside("<", page.After)
	if by.byDue() {
		ids, err := s.callsByDue(ctx, by, page.After)
		if err != nil || len(ids) == 0 {
			return List[interview.Call]{Items: []interview.Call{}}, err
		}
		condition, args := in(s.dialect, "calls.id", len(f.args)+1, ids)
		f.conditions, f.args = append(f.conditions, condition), append(f.args, args...)
	}
	further := ""
	if by.Disposition != "" {
		ids, next, err := s.decidedPart(ctx, by, page)
		if err != nil || len(ids) == 0 {
			return List[interview.Call]{Items: []interview.Call{}, Next: next}, err
		}
		condition, args := in(s.dialect, "calls.id", len(f.args)+1, ids)
		f.conditions, f.args, further = append(f.conditions, condition), append(f.args, args...), next
	}
	out, err := list(ctx, s.read(), selectCalls, "calls", f, page, scanCall, func(c interview.Call) string { return c.ID })
	if err != nil {
		return out, fmt.Errorf("listing calls: %w", err)
	}
	if further != "" {
		out.Next = further
	}
	return out, nil
}

// callsByDue are the ids of the calls that Overdue and Awaiting choose, below after, the newest first.
func (s *Store) callsByDue(ctx context.Context, by CallFilter, after string) ([]string, error) {
	var ids []string
	if by.Overdue != nil {
		err := s.eachOverdue(ctx, *by.Overdue, func(l OverdueItem) {
			if l.CallID != "" && (after == "" || l.CallID < after) {
				ids = append(ids, l.CallID)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if by.Awaiting != nil {
		awaiting, err := s.callsAwaiting(ctx, *by.Awaiting, after)
		if err != nil {
			return nil, err
		}
		if by.Overdue != nil {
			overdue := make(map[string]bool, len(ids))
			for _, id := range ids {
				overdue[id] = true
			}
			awaiting = slices.DeleteFunc(awaiting, func(id string) bool { return !overdue[id] })
		}
		ids = awaiting
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	slices.Reverse(ids)
	return ids[:min(len(ids), MaxOverdueCalls)], nil
}

// callsAwaiting are the ids of the calls that wait for something, below after. Only calls are looked at that the reconciler still checks:
// of any other nothing is to come.
func (s *Store) callsAwaiting(ctx context.Context, of Awaiting, after string) ([]string, error) {
	var ids []string
	now := s.now()
	err := s.eachOverdueCheck(ctx, s.read(), of.Deadlines, func(w OverdueCheck) {
		if w.What == of.What && (after == "" || w.Call.ID < after) && !(of.InTime && w.Due.Before(now)) {
			ids = append(ids, w.Call.ID)
		}
	}, checkedCalls)
	return ids, err
}
