package twilio

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/i-agent/iagent/internal/interview"
)

// NewCall is a call to place. It has no field for recording: audio starts after consent, in the TwiML of the call.
type NewCall struct {
	// To and From are E.164.
	To, From string
	// VoiceURL answers with the call's first TwiML, StatusURL takes its progress; both are requested with POST.
	VoiceURL, StatusURL string
	// FallbackURL is asked for TwiML, with POST, when a request for it failed, the call's first or any later one; "" lets such
	// a call end.
	FallbackURL string
	// MachineURL takes the result of machine detection, which goes on beside the call; "" asks for none. The first guess is
	// asked for, not the end of a greeting: nothing is to be left after the beep.
	MachineURL string
	// RingTimeout is how long to let it ring, whole seconds up to 600 s; zero leaves Twilio's 60 s.
	RingTimeout time.Duration
}

// RemoteCall is a call as Twilio's REST API shows it.
type RemoteCall struct {
	Sid, AccountSid, ParentSid string
	To, From                   string
	// Status is Twilio's own word: queued, ringing, in-progress, completed, busy, failed, no-answer or canceled.
	Status     string
	Direction  string
	AnsweredBy string
	// Duration is in seconds, nil while the call runs.
	Duration *int
	Created  time.Time
	// Started is zero until Twilio dialled (a queued call has none), Ended until it ended.
	Started, Ended time.Time
}

// errNoCall is an answer that was not a call.
var errNoCall = errors.New("answer holds no call")

// CreateCall asks Twilio to place a call, once. Any error is an *Error; unless it is NotSent, Throttled or Refused, the
// call may exist.
func (c *Client) CreateCall(ctx context.Context, call NewCall) (interview.PlacedCall, error) {
	params := (&api.CreateCallParams{}).
		SetTo(call.To).SetFrom(call.From).
		SetUrl(call.VoiceURL).SetMethod("POST").
		SetStatusCallback(call.StatusURL).SetStatusCallbackMethod("POST").
		SetStatusCallbackEvent([]string{"initiated", "ringing", "answered", "completed"})
	if call.FallbackURL != "" {
		params.SetFallbackUrl(call.FallbackURL).SetFallbackMethod("POST")
	}
	if call.RingTimeout > 0 {
		params.SetTimeout(int(call.RingTimeout / time.Second))
	}
	if call.MachineURL != "" {
		params.SetMachineDetection("Enable").SetAsyncAmd("true").
			SetAsyncAmdStatusCallback(call.MachineURL).SetAsyncAmdStatusCallbackMethod("POST")
	}
	var placed interview.PlacedCall
	err := c.call(ctx, "creating call", c.create, func(rest *api.ApiService) error {
		answer, err := rest.CreateCall(params)
		if err != nil {
			return err
		}
		placed = interview.PlacedCall{Sid: text(answer.Sid), AccountSid: text(answer.AccountSid), Status: text(answer.Status)}
		if !strings.HasPrefix(placed.Sid, "CA") {
			return errNoCall
		}
		return nil
	})
	if err != nil {
		return interview.PlacedCall{}, err
	}
	return placed, nil
}

// FetchCall looks a call up. Twilio's answer may lag behind its webhooks (Twilio: Call resource).
func (c *Client) FetchCall(ctx context.Context, sid string) (RemoteCall, error) {
	var found RemoteCall
	err := c.call(ctx, "fetching call", c.shared, func(rest *api.ApiService) error {
		answer, err := rest.FetchCall(sid, nil)
		if err != nil {
			return err
		}
		if text(answer.Sid) == "" {
			return errNoCall
		}
		found = placedCall(answer)
		return nil
	})
	return found, err
}

// ListCalls returns at most 1000 calls to a number that were created at or after since, in Twilio's order (newest
// first). It compares creation times itself: Twilio's own filter knows start times only, which a queued call does not
// have. A call that is missing may still appear later.
func (c *Client) ListCalls(ctx context.Context, to string, since time.Time) ([]RemoteCall, error) {
	params := (&api.ListCallParams{}).SetTo(to).SetPageSize(100).SetLimit(1000)
	since = since.Truncate(time.Second) // Twilio gives whole seconds
	var calls []RemoteCall
	err := c.call(ctx, "listing calls", c.shared, func(rest *api.ApiService) error {
		answer, err := rest.ListCall(params)
		if err != nil {
			return err
		}
		for i := range answer {
			// A call that does not say when it was created may be a recent one.
			if call := placedCall(&answer[i]); call.Created.IsZero() || !call.Created.Before(since) {
				calls = append(calls, call)
			}
		}
		return nil
	})
	return calls, err
}

// HangUp ends a call in whatever state it is, also one that is still queued. A call that has already ended is an *Error
// that is Refused.
func (c *Client) HangUp(ctx context.Context, sid string) error {
	return c.call(ctx, "ending call", c.shared, func(rest *api.ApiService) error {
		_, err := rest.UpdateCall(sid, (&api.UpdateCallParams{}).SetStatus("completed"))
		return err
	})
}

func placedCall(a *api.ApiV2010Call) RemoteCall {
	call := RemoteCall{
		Sid: text(a.Sid), AccountSid: text(a.AccountSid), ParentSid: text(a.ParentCallSid),
		To: text(a.To), From: text(a.From), Status: text(a.Status),
		Direction: text(a.Direction), AnsweredBy: text(a.AnsweredBy),
		Created: moment(a.DateCreated), Started: moment(a.StartTime), Ended: moment(a.EndTime),
	}
	if seconds, err := strconv.Atoi(text(a.Duration)); err == nil {
		call.Duration = &seconds
	}
	return call
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// moment reads the API's RFC 2822 dates; zero when there is none.
func moment(s *string) time.Time {
	t, err := time.Parse(time.RFC1123Z, text(s))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
