package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// notFound is Twilio's code for a resource that is not there (Twilio: error 20404).
const notFound = 20404

// DeleteRecording deletes a recording and its media for good. A recording that is not there any more is a success, so
// that the deletion can be repeated; it must be Twilio who says so, not a gateway or a wrong base URL.
func (c *Client) DeleteRecording(ctx context.Context, sid string) error {
	err := c.exchange(ctx, "deleting recording", c.shared, func(x *exchange) error {
		if err := service(x).DeleteRecording(sid, nil); err != nil {
			return err
		}
		if x.status != http.StatusNoContent {
			return errNotTwilios
		}
		return nil
	})
	var e *Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code == notFound {
		return nil
	}
	return err
}

// RemoteRecording is a recording as Twilio's REST API shows it.
type RemoteRecording struct {
	Sid, CallSid, AccountSid string
	// Status is Twilio's own word: in-progress, paused, stopped, processing, completed or absent.
	Status string
	// URL is that of a RecordingUrl parameter: absolute and without extension.
	URL string
	// Duration is in seconds, nil until completed; Channels is 1 or 2, 0 when unknown.
	Duration *int
	Channels int
	Started  time.Time
	// Source is what started it, in Twilio's words.
	Source string
}

// ListRecordings returns the recordings of a call, those of its kind that were deleted left out. The list is the whole of
// it or an error, as with ListCalls.
func (c *Client) ListRecordings(ctx context.Context, call string) ([]RemoteRecording, error) {
	return c.listRecordings(ctx, "Calls/"+url.PathEscape(call)+"/Recordings.json", url.Values{"PageSize": {"50"}}, call, math.MaxInt)
}

// ErrTooMany is the error of a list that is longer than was asked for.
var ErrTooMany = errors.New("more than were asked for")

// ListRecordingsSince returns the recordings of all of the account's calls, and of its conferences, that were created at or after a
// time by Twilio's clock, newest first. The error is ErrTooMany when there are more than most; else it is as ListRecordings.
func (c *Client) ListRecordingsSince(ctx context.Context, since time.Time, most int) ([]RemoteRecording, error) {
	return c.listRecordings(ctx, "Recordings.json", url.Values{"PageSize": {"1000"}, "DateCreated>": {since.UTC().Format(time.RFC3339)}}, "", most)
}

// listRecordings reads a list of recordings, all of one call unless that is "", and not more than most.
func (c *Client) listRecordings(ctx context.Context, path string, query url.Values, call string, most int) ([]RemoteRecording, error) {
	var list []RemoteRecording
	err := c.exchange(ctx, "listing recordings", c.shared, func(x *exchange) error {
		return x.list(c.path(path), query, "recordings", func(raw json.RawMessage) error {
			if len(list) == most {
				return ErrTooMany
			}
			var row api.ApiV2010CallRecording
			if err := json.Unmarshal(raw, &row); err != nil {
				return errors.New("a recording in another form")
			}
			r := c.remoteRecording(&row)
			if !recordingSid.MatchString(r.Sid) || call != "" && r.CallSid != call || r.AccountSid != c.config.AccountSid || r.Status == "" {
				return errors.New("a recording that is not of this call or account")
			}
			list = append(list, r)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (c *Client) remoteRecording(a *api.ApiV2010CallRecording) RemoteRecording {
	r := RemoteRecording{
		Sid: text(a.Sid), CallSid: text(a.CallSid), AccountSid: text(a.AccountSid), Status: text(a.Status),
		Channels: a.Channels, Started: moment(a.StartTime), Source: text(a.Source),
	}
	r.URL = c.base.JoinPath("2010-04-01", "Accounts", r.AccountSid, "Recordings", r.Sid).String()
	if seconds, err := strconv.Atoi(text(a.Duration)); err == nil && seconds >= 0 {
		r.Duration = &seconds
	}
	return r
}
