package store

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// maxPayloads and maxPayload bound what CallPayloads loads.
const (
	maxPayloads = 300
	maxPayload  = 64 << 10
)

// Payload is what a webhook of a call said and what it was answered.
type Payload struct {
	// Target is path and raw query as received, "" once it was pruned.
	Target string
	// Body is raw, nil once it was pruned or erased.
	Body  []byte
	Reply inbox.Reply
}

// CallPayloads are the payloads of the first webhooks of a call, by the ids of their rows.
func (s *Store) CallPayloads(ctx context.Context, callID string) (map[string]Payload, error) {
	payloads := map[string]Payload{}
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		var p Payload
		err := r.Scan(&id, &p.Target, &p.Body, &p.Reply.Status, &p.Reply.ContentType, &p.Reply.Body)
		payloads[id] = p
		return err
	}, `SELECT id, target, CASE WHEN LENGTH(body) <= $2 THEN body END, reply_status, reply_type,
		CASE WHEN LENGTH(reply_body) <= $2 THEN reply_body END FROM webhook_events WHERE call_id = $1 ORDER BY id LIMIT $3`,
		callID, maxPayload, maxPayloads)
	if err != nil {
		return nil, fmt.Errorf("loading the payloads of call %s: %w", callID, err)
	}
	return payloads, nil
}

// maxCallVerdicts bounds what CallVerdicts loads.
const maxCallVerdicts = 50

// CallVerdicts are the verdicts that were given on the hypotheses of a call's claims since the call was made, the oldest first.
func (s *Store) CallVerdicts(ctx context.Context, callID string) ([]CallVerdict, error) {
	var verdicts []CallVerdict
	err := collect(ctx, s.read(), func(r row) error {
		var v CallVerdict
		err := r.Scan(&v.HypothesisID, &v.Question, &v.Revision, &v.Status, &v.Claims, &v.Calls, &v.CreatedAt)
		verdicts = append(verdicts, v)
		return err
	}, `SELECT verdicts.hypothesis_id, hypotheses.question, verdicts.revision, verdicts.status, verdicts.claims, verdicts.calls, verdicts.created_at
		FROM verdicts JOIN hypotheses ON hypotheses.id = verdicts.hypothesis_id
		WHERE verdicts.hypothesis_id IN (SELECT hypothesis_id FROM claims WHERE call_id = $1)
		AND verdicts.created_at >= (SELECT created_at FROM calls WHERE id = $1) ORDER BY verdicts.created_at LIMIT $2`, callID, maxCallVerdicts)
	if err != nil {
		return nil, fmt.Errorf("loading the verdicts that call %s counts for: %w", callID, err)
	}
	return verdicts, nil
}

// CallVerdict is a verdict on a hypothesis that claims of a call are about.
type CallVerdict struct {
	HypothesisID, Question string
	Revision               int
	Status                 interview.HypothesisStatus
	// Claims and Calls count the evidence of all calls.
	Claims, Calls int
	CreatedAt     time.Time
}
