package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
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
	// Late, when set, is asked immediately before the request is written, and true withholds it (ErrTooLate). A program
	// may be stopped at any point before, and nobody must be called by a process that wakes up long after.
	Late func() bool
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

// CreateCall asks Twilio to place a call, once. Any error is an *Error; unless it is NotSent, or its Refusal says that
// Twilio refused, the call may exist.
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
	err := c.exchange(ctx, "creating call", c.create, func(x *exchange) error {
		x.late = call.Late
		if x.late == nil {
			x.late = func() bool { return false }
		}
		if _, err := service(x).CreateCall(params); err != nil {
			return err
		}
		var ok bool
		if placed, ok = c.readReceipt(x, call); !ok {
			return errNoCall
		}
		return nil
	})
	if err != nil {
		return interview.PlacedCall{}, err
	}
	return placed, nil
}

// readReceipt reads the answer to the creation of a call. What it says of account and number must be what was asked for.
func (c *Client) readReceipt(x *exchange, call NewCall) (interview.PlacedCall, bool) {
	var row api.ApiV2010Call
	if x.status/100 != 2 || json.Unmarshal(x.body, &row) != nil || !callSid.MatchString(text(row.Sid)) ||
		row.AccountSid != nil && *row.AccountSid != c.config.AccountSid || row.To != nil && !SameNumber(*row.To, call.To) {
		return interview.PlacedCall{}, false
	}
	return interview.PlacedCall{Sid: *row.Sid, AccountSid: c.config.AccountSid, Status: text(row.Status), SentAt: x.sentAt}, true
}

// FetchCall looks a call up. Twilio's answer may lag behind its webhooks (Twilio: Call resource).
func (c *Client) FetchCall(ctx context.Context, sid string) (RemoteCall, error) {
	var found RemoteCall
	err := c.exchange(ctx, "fetching call", c.shared, func(x *exchange) error {
		body, err := x.fetch(c.path("Calls/" + url.PathEscape(sid) + ".json"))
		if err != nil {
			return err
		}
		if found, err = c.readCall(body); err != nil || found.Sid != sid {
			return errNoCall
		}
		return nil
	})
	return found, err
}

// ListCalls returns the calls to a number that were created at or after since, in Twilio's order (newest first). It
// compares creation times itself: Twilio's own filter knows start times only, which a queued call does not have. A call
// that is missing may still appear later.
//
// The list is the whole of it or an error. An answer in which anything is not as it must be is an error, too: with a row of
// another account or to another number it is not the list that was asked for, so what it lacks proves nothing.
func (c *Client) ListCalls(ctx context.Context, to string, since time.Time) ([]RemoteCall, error) {
	return c.listCalls(ctx, url.Values{"To": {to}}, to, since)
}

// ListCallsSince returns the account's calls to any number that were created at or after since, newest first: those that were
// dialled, and those that wait in Twilio's queue. Errors are as those of ListCalls.
func (c *Client) ListCallsSince(ctx context.Context, since time.Time) ([]RemoteCall, error) {
	// A queued call has no start time, so that the filter leaves it out. The filter has whole days.
	queued, err := c.listCalls(ctx, url.Values{"Status": {"queued"}}, "", since)
	if err != nil {
		return nil, err
	}
	calls, err := c.listCalls(ctx, url.Values{"StartTime>": {since.UTC().Add(-24 * time.Hour).Format(time.DateOnly)}}, "", since)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, call := range calls {
		seen[call.Sid] = true
	}
	for _, call := range queued {
		if !seen[call.Sid] { // it may have left the queue meanwhile
			calls = append([]RemoteCall{call}, calls...)
		}
	}
	return calls, nil
}

// listCalls reads a list of calls, all to one number unless that is "".
func (c *Client) listCalls(ctx context.Context, query url.Values, to string, since time.Time) ([]RemoteCall, error) {
	since = since.Truncate(time.Second) // Twilio gives whole seconds
	query.Set("PageSize", "1000")
	var calls []RemoteCall
	err := c.exchange(ctx, "listing calls", c.shared, func(x *exchange) error {
		return x.list(c.path("Calls.json"), query, "calls", func(row json.RawMessage) error {
			call, err := c.readCall(row)
			switch {
			case err != nil:
				return err
			case to != "" && !SameNumber(call.To, to):
				return errors.New("a call to another number")
			case call.Created.IsZero() && call.Status != "queued":
				return errors.New("a call that does not say when it was created")
			case call.Created.IsZero() || !call.Created.Before(since):
				calls = append(calls, call)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return calls, nil
}

// CheckAccount asks for the newest call of the account: a request that costs nothing and that Twilio answers only to
// whom it knows.
func (c *Client) CheckAccount(ctx context.Context) error {
	return c.exchange(ctx, "checking the account", c.shared, func(x *exchange) error {
		body, err := x.fetch(c.path("Calls.json?PageSize=1"))
		if err != nil {
			return err
		}
		var page struct {
			Calls []json.RawMessage `json:"calls"`
		}
		if json.Unmarshal(body, &page) != nil || page.Calls == nil {
			return errNoList
		}
		return nil
	})
}

// HangUp ends a call in whatever state it is, also one that is still queued. A call that has already ended is an *Error
// that is Refused.
func (c *Client) HangUp(ctx context.Context, sid string) error {
	return updateCall(ctx, c, "ending call", sid, (&api.UpdateCallParams{}).SetStatus("completed"))
}

// updateCall changes a call. Only an answer that is the call says that it was changed.
func updateCall(ctx context.Context, c *Client, op, sid string, params *api.UpdateCallParams) error {
	return call(ctx, c, op, c.shared, func(rest *api.ApiService) error {
		answer, err := rest.UpdateCall(sid, params)
		if err == nil && text(answer.Sid) != sid {
			err = errNoCall
		}
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
