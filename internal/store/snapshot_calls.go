package store

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/signature"
)

// scanSnapshotEvent makes of a row the event that was decided.
func scanSnapshotEvent(r row) (SnapshotEvent, error) {
	var e SnapshotEvent
	var body []byte
	err := r.Scan(&e.Row, &e.Event.ID, &e.Event.Kind, &e.Event.Source, &e.Event.Subject, &e.Event.CallSid, &e.Event.AccountSid,
		&e.Event.Target, &body, &e.Event.ReceivedAt, &e.Forced)
	if err != nil {
		return e, err
	}
	e.Event.ReceivedAt = e.Event.ReceivedAt.UTC()
	e.Bodiless = body == nil
	e.Event.Query, e.Event.Body, e.Event.Form = signature.ParseTarget(e.Event.Target), body, signature.ParseForm(string(body))
	if e.Bodiless && e.Event.CallSid != "" {
		e.Event.Form = url.Values{"CallSid": {e.Event.CallSid}}
	}
	return e, nil
}

// asked are the functions that a webhook may ask for.
var asked = []string{string(interview.TranscribeRecording), string(interview.DeleteRecording), string(interview.EndCall)}

// runs reads the runs that the webhooks of the calls may have asked for: their keys are made of the call and its
// recordings.
func (s *Snapshot) runs(ctx context.Context, list []SnapshotCall) error {
	owner := map[string]*SnapshotCall{}
	for i := range list {
		c := &list[i]
		owner[c.Call.ID] = c
		for _, r := range c.Recordings {
			owner[c.Call.ID+":"+r.Sid] = c
		}
		for _, e := range c.Events {
			if sid := e.Event.Form.Get("RecordingSid"); sid != "" {
				owner[c.Call.ID+":"+sid] = c
			}
		}
	}
	keys := make([]string, 0, len(owner))
	for key := range owner {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for part := range slices.Chunk(keys, 500) {
		ofCalls, args := in(s.dialect, "key", 1, part)
		err := collect(ctx, s.q, func(r row) error {
			var run SnapshotRun
			err := r.Scan(&run.ID, &run.Function, &run.Key, &run.Cause)
			if c := owner[run.Key]; c != nil {
				c.Runs = append(c.Runs, run)
			}
			return err
		}, `SELECT id, function, key, cause FROM function_runs WHERE function IN ('`+strings.Join(asked, "', '")+`') AND `+ofCalls+` ORDER BY id`, args...)
		if err != nil {
			return fmt.Errorf("reading runs: %w", err)
		}
	}
	return nil
}
