package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

// DialVerdict is what the gate said about a call.
type DialVerdict struct {
	ID string
	At time.Time
	interview.GateVerdict
	// Facts are the facts that it was asked about, as JSON.
	Facts json.RawMessage
}

const selectVerdicts = `SELECT id, at, verdict, facts FROM dial_verdicts`

func scanVerdict(r row) (DialVerdict, error) {
	var v DialVerdict
	var facts string
	err := r.Scan(&v.ID, &v.At, jsonColumn{&v.GateVerdict}, &facts)
	v.Facts = json.RawMessage(facts)
	return v, err
}

// keepVerdict keeps what the gate said when a call was to be dialled: every time that it let the call be dialled, and of what
// keeps it waiting the newest.
func (tx *Tx) keepVerdict(ctx context.Context, callID string, facts interview.GateFacts, v interview.GateVerdict) error {
	verdict, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding a verdict: %w", err)
	}
	known, err := json.Marshal(keptFacts(facts))
	if err != nil {
		return fmt.Errorf("encoding the facts of a verdict: %w", err)
	}
	stmts := tx.newStmtBatch()
	stmts.exec("forgetting the verdict before", `DELETE FROM dial_verdicts WHERE call_id = $1 AND refusal <> ''`, callID)
	stmts.exec("keeping a verdict", `INSERT INTO dial_verdicts (id, call_id, at, refusal, verdict, facts, until) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.newID(), callID, tx.Now, string(v.Refusal), storable(string(verdict)), storable(string(known)), pointedTime(v.Until))
	return stmts.run(ctx)
}

// keptFacts are the facts without what the gate does not look at.
func keptFacts(facts interview.GateFacts) interview.GateFacts {
	c := facts.Campaign
	c.Name, c.Category, c.PromptTemplate, c.Hypotheses = "", "", "", nil
	facts.Campaign = c
	return facts
}

// newestVerdict is what the gate said last about a call, nil when it was not asked.
func newestVerdict(ctx context.Context, q querier, callID string) (*DialVerdict, error) {
	v, err := scanVerdict(q.QueryRow(ctx, selectVerdicts+` WHERE call_id = $1 ORDER BY id DESC LIMIT 1`, callID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("loading the verdict on call %s: %w", callID, err)
	}
	return &v, nil
}
