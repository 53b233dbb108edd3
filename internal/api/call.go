package api

import (
	"cmp"
	"net/http"
	"net/url"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// callSummary is a call as it is listed.
type callSummary struct {
	ID          string               `json:"id"`
	CampaignID  string               `json:"campaignId"`
	PhoneNumber string               `json:"phoneNumber"`
	TwilioSid   *string              `json:"twilioSid"`
	Status      interview.CallStatus `json:"status"`
	// ConsentGiven is null until the person answered.
	ConsentGiven *bool `json:"consentGiven"`
	// AnsweredBy is what Twilio's machine detection found, such as human or machine_start.
	AnsweredBy *string `json:"answeredBy"`
	// Duration is in seconds.
	Duration    *int       `json:"duration"`
	StartedAt   *time.Time `json:"startedAt"`
	CompletedAt *time.Time `json:"completedAt"`
	// ErrorCode and ErrorMessage are Twilio's when it refused the call.
	ErrorCode    *int      `json:"errorCode"`
	ErrorMessage *string   `json:"errorMessage"`
	CreatedAt    time.Time `json:"createdAt"`
	// ErasedAt is when the personal data of the call was erased on request; its phoneNumber is then "".
	ErasedAt *time.Time `json:"erasedAt"`
	// CancelRequestedAt is when somebody asked for the call to be ended while Twilio had it.
	CancelRequestedAt *time.Time `json:"cancelRequestedAt"`
	// Direction is outbound for a call that we made, and inbound for one that came in.
	Direction interview.Direction `json:"direction"`
	// ContactID is the contact whom the call is to reach, or who called us; null for a caller whom nobody called. Attempt counts from 1.
	ContactID *string `json:"contactId"`
	Attempt   int     `json:"attempt"`
	// OptedOutAt is when the person asked never to be called again.
	OptedOutAt *time.Time `json:"optedOutAt"`
	// StirStatus is how the call was attested (STIR/SHAKEN): A, B or C, or for a call that came in Twilio's StirVerstat.
	StirStatus *string `json:"stirStatus"`
	// Simulated says that a simulator plays the call: nobody is called, and nothing of it counts.
	Simulated bool `json:"simulated,omitempty"`
}

// call is a call with all that belongs to it.
type call struct {
	callSummary
	// Identity is what the call said of who is calling, null while it has not.
	Identity   *identitySaid `json:"identity"`
	Transcript *string       `json:"transcript"`
	Recordings []recording   `json:"recordings"`
	Utterances []utterance   `json:"utterances"`
	Dropped    []dropped     `json:"dropped"`
	Claims     []claim       `json:"claims"`
	Events     []callEvent   `json:"events"`
	History    []history     `json:"history"`
	// Gate is what the gate said last about the call, null when it was not asked.
	Gate    *gateVerdict `json:"gate"`
	Erasure *erasure     `json:"erasure"`
}

type identitySaid struct {
	Said string    `json:"said"`
	At   time.Time `json:"at"`
}

type recording struct {
	Sid      string                    `json:"sid"`
	Status   interview.RecordingStatus `json:"status"`
	URL      *string                   `json:"url"`
	Duration *int                      `json:"duration"`
	Channels *int                      `json:"channels"`
}

type utterance struct {
	Speaker  interview.Speaker `json:"speaker"`
	Text     string            `json:"text"`
	StartSec float64           `json:"startSec"`
	EndSec   float64           `json:"endSec"`
}

// dropped is something that speech-to-text wrote down and nobody said.
type dropped struct {
	utterance
	Reason interview.DropReason `json:"reason"`
	Detail string               `json:"detail"`
}

type callEvent struct {
	ID         string        `json:"id"`
	Kind       inbox.Kind    `json:"kind"`
	EventID    string        `json:"eventId"`
	Outcome    inbox.Outcome `json:"outcome"`
	ReceivedAt time.Time     `json:"receivedAt"`
}

type history struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"`
	Detail string    `json:"detail"`
}

func (a *api) listCalls(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, append(store.CallConditions(), "twilioSid")...)
	if err != nil {
		return err
	}
	by, err := a.callFilter(query)
	if err != nil {
		return err
	}
	calls, err := a.store.Calls(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(calls, summarizeCall))
}

func (a *api) callFilter(query url.Values) (by store.CallFilter, err error) {
	statuses, err := queryStatuses(query)
	if err != nil {
		return by, err
	}
	if _, err := queryPhoneNumber(query, "phoneNumber"); err != nil {
		return by, err
	}
	twilioSid, err := queryID(query, "twilioSid")
	if err != nil {
		return by, err
	}
	by, err = store.ParseCallFilter(query, a.deadlines, a.ready.now())
	if err != nil {
		return by, conditionProblem(err)
	}
	// A call names it twilioSid, its webhooks callSid: either will do.
	by.Statuses, by.CallSid = statuses, cmp.Or(twilioSid, by.CallSid)
	return by, nil
}

func (a *api) getCall(w http.ResponseWriter, r *http.Request) error {
	d, err := a.store.CallDetail(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showCall(d))
}

// cancelCall ends a call: 200 when that is done, 202 when Twilio has it and is asked to. 409 when it is over. Who asks, and why, may be
// said.
func (a *api) cancelCall(w http.ResponseWriter, r *http.Request) error {
	who, err := whoAsks(w, r)
	if err != nil {
		return err
	}
	c, err := a.store.CancelCall(interview.WithActor(r.Context(), who.RequestedBy), r.PathValue("id"), who.Reason)
	if err != nil {
		return err
	}
	status := http.StatusAccepted
	if c.Status.Terminal() {
		status = http.StatusOK
	}
	d, err := a.store.CallDetail(r.Context(), c.ID)
	if err != nil {
		return err
	}
	return answer(w, status, showCall(d))
}

func summarizeCall(c interview.Call) callSummary {
	return callSummary{
		ID: c.ID, CampaignID: c.CampaignID, PhoneNumber: c.PhoneNumber,
		TwilioSid: nullIfZero(c.TwilioSid), Status: c.Status,
		ConsentGiven: consentGiven(c.Consent), Duration: c.Duration, StartedAt: utc(c.StartedAt), CompletedAt: utc(c.CompletedAt),
		ErrorCode: nullIfZero(c.ErrorCode), ErrorMessage: nullIfZero(c.ErrorMessage), CreatedAt: c.CreatedAt.UTC(),
		AnsweredBy: nullIfZero(string(c.AnsweredBy)), ErasedAt: utc(c.ErasedAt),
		CancelRequestedAt: utc(c.CancelRequestedAt), Simulated: c.Simulated,
		Direction: cmp.Or(c.Direction, interview.DirectionOutbound), ContactID: nullIfZero(c.ContactID), Attempt: max(c.Attempt, 1),
		OptedOutAt: utc(c.OptedOutAt), StirStatus: nullIfZero(c.StirStatus),
	}
}

func showIdentitySaid(c interview.Call) *identitySaid {
	if c.IdentitySaidAt == nil {
		return nil
	}
	return &identitySaid{Said: c.IdentitySaid, At: c.IdentitySaidAt.UTC()}
}

func showCall(d store.CallDetail) call {
	return call{
		callSummary: summarizeCall(d.Call),
		Identity:    showIdentitySaid(d.Call),
		Transcript:  nullIfZero(d.Call.Transcript),
		Recordings: each(d.Recordings, func(r interview.Recording) recording {
			return recording{Sid: r.Sid, Status: r.Status, URL: nullIfZero(r.URL), Duration: r.Duration, Channels: nullIfZero(r.Channels)}
		}),
		Utterances: each(d.Utterances, showUtterance),
		Dropped: each(d.Dropped, func(s interview.DroppedSegment) dropped {
			return dropped{showUtterance(s.Utterance), s.Reason, s.Detail}
		}),
		Claims: each(d.Claims, showClaim),
		Events: each(d.Webhooks, func(e store.Webhook) callEvent {
			return callEvent{ID: e.ID, Kind: e.Kind, EventID: e.EventID, Outcome: e.Outcome, ReceivedAt: e.ReceivedAt.UTC()}
		}),
		History: each(d.History, func(h store.HistoryEntry) history {
			return history{At: h.At.UTC(), What: h.What, Detail: h.Detail}
		}),
		Gate:    showGate(d.Gate),
		Erasure: showErasure(d.Erasure),
	}
}

func showUtterance(u interview.Utterance) utterance {
	return utterance{Speaker: u.Speaker, Text: u.Text, StartSec: u.StartSec, EndSec: u.EndSec}
}

func consentGiven(c interview.Consent) *bool {
	given := c == interview.ConsentGiven
	if c == interview.ConsentUnknown {
		return nil
	}
	return &given
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
