package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// BulkKind is what a bulk job does.
type BulkKind string

// The kinds of bulk jobs.
const (
	BulkRetry  BulkKind = "retry-runs"
	BulkReplay BulkKind = "replay-webhooks"
)

// BulkState is where a bulk job stands.
type BulkState string

// The states of a bulk job. All but BulkRunning are final.
const (
	BulkRunning BulkState = "running"
	BulkDone    BulkState = "done"
	BulkStopped BulkState = "stopped" // by somebody
	// BulkInterrupted: its process ended. What was done is done, and a new job does the rest.
	BulkInterrupted BulkState = "interrupted"
	BulkFailed      BulkState = "failed" // by a fault, such as of the database
)

// BulkFilter chooses what a bulk job is about; an empty field asks for nothing.
type BulkFilter struct {
	// Function, Error and LastError choose dead runs; see [DeadRunFilter].
	Function  interview.Function `json:"function,omitempty"`
	Error     string             `json:"error,omitempty"`
	LastError string             `json:"lastError,omitempty"`
	// Kind chooses failed webhooks.
	Kind inbox.Kind `json:"kind,omitempty"`
	// CallID chooses the runs or the webhooks of one call.
	CallID string `json:"callId,omitempty"`
	// Since and Until bound when the runs died, or the webhooks arrived. Until itself is left out.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// CreatedSince and CreatedUntil bound when dead runs were created.
	CreatedSince time.Time `json:"createdSince,omitzero"`
	CreatedUntil time.Time `json:"createdUntil,omitzero"`
}

// DeadRuns chooses dead runs.
func (by BulkFilter) DeadRuns() DeadRunFilter {
	return DeadRunFilter{Function: by.Function, Error: by.Error, LastError: by.LastError, CallID: by.CallID, Since: by.Since, Until: by.Until,
		CreatedSince: by.CreatedSince, CreatedUntil: by.CreatedUntil}
}

// FailedWebhooks chooses webhooks that failed and were not accepted since.
func (by BulkFilter) FailedWebhooks() ReplayFilter {
	return ReplayFilter{Outcome: inbox.Failed, Unsettled: true, Kind: by.Kind, Call: by.CallID, Since: by.Since, Until: by.Until}
}

// BulkJob is a retry of many dead runs or a replay of many failed webhooks.
type BulkJob struct {
	ID    string
	Kind  BulkKind
	State BulkState
	BulkFilter
	// Actor and Reason are who asked for it, and why.
	Actor, Reason string
	// Matched are how many there were at the beginning, Done how many of them were taken so far.
	Matched, Done int
	// Counts are those done by function, or by what came of the webhook.
	Counts map[string]int
	// LastID is the last run that was retried.
	LastID string
	// StoppedBy is who asked for its end, "" for nobody.
	StoppedBy string
	// Error is what ended a job that failed.
	Error     string
	StartedAt time.Time
	// AliveAt is when its process last said that it works on it.
	AliveAt time.Time
	EndedAt *time.Time
}

// ErrBulkRunning says that there is a job of the kind already.
var ErrBulkRunning = errors.New("a bulk job of this kind is running")

// keptBulkJobs is how many bulk jobs are kept.
const keptBulkJobs = 200

const selectBulkJobs = `SELECT bulk_jobs.id, kind, state, filter, actor, reason, matched, done, counts, last_id, stopped_by, error, started_at, alive_at, ended_at
	FROM bulk_jobs`

func scanBulkJob(r row) (BulkJob, error) {
	var j BulkJob
	var filter, counts string
	err := r.Scan(&j.ID, &j.Kind, &j.State, &filter, &j.Actor, &j.Reason, &j.Matched, &j.Done, &counts, &j.LastID, &j.StoppedBy, &j.Error,
		&j.StartedAt, &j.AliveAt, &j.EndedAt)
	if err != nil {
		return j, err
	}
	j.StartedAt, j.AliveAt = j.StartedAt.UTC(), j.AliveAt.UTC()
	return j, errors.Join(json.Unmarshal([]byte(filter), &j.BulkFilter), json.Unmarshal([]byte(counts), &j.Counts))
}

// StartBulk keeps that a job has begun. ErrBulkRunning when one of the kind is running, in any process.
func (s *Store) StartBulk(ctx context.Context, job BulkJob) (BulkJob, error) {
	filter, err := json.Marshal(job.BulkFilter)
	if err != nil {
		return job, fmt.Errorf("encoding the filter of a bulk job: %w", err)
	}
	err = s.write(ctx, func(tx *Tx) error {
		job.ID, job.State, job.Actor, job.Counts = tx.newID(), BulkRunning, interview.ActorOf(ctx), map[string]int{}
		job.Actor, job.Reason, job.StartedAt, job.AliveAt = auditText(job.Actor), auditText(job.Reason), tx.Now, tx.Now
		n, err := tx.Exec(ctx, `INSERT INTO bulk_jobs (id, kind, state, filter, actor, reason, matched, done, counts, last_id, stopped_by, error, started_at, alive_at)
			VALUES ($1, $2, 'running', $3, $4, $5, $6, 0, '{}', '', '', '', $7, $7) ON CONFLICT DO NOTHING`,
			job.ID, string(job.Kind), storable(string(filter)), job.Actor, job.Reason, job.Matched, tx.Now)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrBulkRunning
		}
		_, err = tx.Exec(ctx, `DELETE FROM bulk_jobs WHERE state <> 'running' AND id < (SELECT MIN(id) FROM
			(SELECT id FROM bulk_jobs ORDER BY id DESC LIMIT $1) AS kept)`, keptBulkJobs)
		return err
	})
	if err != nil {
		return job, fmt.Errorf("starting a bulk job: %w", err)
	}
	return job, nil
}

// BulkJob returns one. ErrNotFound when there is none.
func (s *Store) BulkJob(ctx context.Context, id string) (BulkJob, error) {
	return loadBulkJob(ctx, s.read(), id, "")
}

func loadBulkJob(ctx context.Context, q querier, id, lock string) (BulkJob, error) {
	j, err := scanBulkJob(q.QueryRow(ctx, selectBulkJobs+` WHERE id = $1`+lock, id))
	if errors.Is(err, sql.ErrNoRows) {
		return j, fmt.Errorf("bulk job %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return j, fmt.Errorf("loading bulk job %s: %w", id, err)
	}
	return j, nil
}

// BulkJobs lists bulk jobs, newest first.
func (s *Store) BulkJobs(ctx context.Context, page Page) (List[BulkJob], error) {
	jobs, err := list(ctx, s.read(), selectBulkJobs, "bulk_jobs", filter{}, page, scanBulkJob, func(j BulkJob) string { return j.ID })
	if err != nil {
		return jobs, fmt.Errorf("listing bulk jobs: %w", err)
	}
	return jobs, nil
}

// StopBulk asks for the end of a job: it takes nothing more. One that is over stays as it is.
func (s *Store) StopBulk(ctx context.Context, id string) (BulkJob, error) {
	var job BulkJob
	err := s.write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE bulk_jobs SET stopped_by = $2 WHERE id = $1 AND state = 'running' AND stopped_by = ''`, id, auditText(interview.ActorOf(ctx)))
		if err == nil {
			job, err = loadBulkJob(ctx, tx, id, "")
		}
		return err
	})
	if err != nil {
		return job, fmt.Errorf("stopping a bulk job: %w", err)
	}
	return job, nil
}

// BulkProgress adds what was done, which may be nothing, says that the job is worked on, and returns it as it is now. One whose
// state is not BulkRunning was given up by another process; one with StoppedBy is to end.
func (s *Store) BulkProgress(ctx context.Context, id string, counts map[string]int) (BulkJob, error) {
	var job BulkJob
	err := s.write(ctx, func(tx *Tx) (err error) {
		if job, err = loadBulkJob(ctx, tx, id, tx.store.dialect.lock); err != nil {
			return err
		}
		return tx.addToBulk(ctx, &job, counts)
	})
	if err != nil {
		return job, fmt.Errorf("noting the progress of a bulk job: %w", err)
	}
	return job, nil
}

func (tx *Tx) addToBulk(ctx context.Context, job *BulkJob, counts map[string]int) error {
	for of, n := range counts {
		job.Counts[of] += n
		job.Done += n
	}
	encoded, err := json.Marshal(job.Counts)
	if err != nil {
		return fmt.Errorf("encoding the counts: %w", err)
	}
	job.AliveAt = tx.Now
	_, err = tx.Exec(ctx, `UPDATE bulk_jobs SET done = $2, counts = $3, last_id = $4, alive_at = $5 WHERE id = $1`, job.ID, job.Done, string(encoded), job.LastID, tx.Now)
	return err
}

// BulkRetryStep retries the next dead runs of a job, at most limit of them, in the transaction that counts them. ended says that
// there were none, or that the job is not to go on.
func (s *Store) BulkRetryStep(ctx context.Context, id string, limit int) (job BulkJob, ended bool, err error) {
	err = s.write(ctx, func(tx *Tx) (err error) {
		if job, err = loadBulkJob(ctx, tx, id, tx.store.dialect.lock); err != nil {
			return err
		}
		if ended = job.State != BulkRunning || job.StoppedBy != ""; ended {
			return nil
		}
		ids, counts, err := tx.retryRuns(ctx, job.DeadRuns(), job.LastID, limit, retrier{actor: job.Actor, reason: job.Reason, job: job.ID})
		if ended = len(ids) == 0; err != nil || ended {
			return err
		}
		job.LastID = ids[len(ids)-1]
		return tx.addToBulk(ctx, &job, counts)
	})
	if err != nil {
		return job, false, fmt.Errorf("retrying the runs of bulk job %s: %w", id, err)
	}
	return job, ended, nil
}

// EndBulk ends a job that is running, and keeps it in the audit log. why is the error of one that failed.
func (s *Store) EndBulk(ctx context.Context, id string, state BulkState, why string) error {
	err := s.write(ctx, func(tx *Tx) error { return tx.endBulk(ctx, id, state, why) })
	if err != nil {
		return fmt.Errorf("ending a bulk job: %w", err)
	}
	return nil
}

func (tx *Tx) endBulk(ctx context.Context, id string, state BulkState, why string) error {
	n, err := tx.Exec(ctx, `UPDATE bulk_jobs SET state = $2, error = $3, ended_at = $4 WHERE id = $1 AND state = 'running'`, id, string(state), storable(why), tx.Now)
	if err != nil || n == 0 {
		return err
	}
	job, err := loadBulkJob(ctx, tx, id, "")
	if err != nil {
		return err
	}
	entry := interview.AuditEntry{Actor: job.Actor, Action: interview.AuditRetryRuns, Subject: id, Reason: job.Reason,
		Detail: map[string]any{"state": string(state), "matched": job.Matched, "done": job.Done, "counts": maps.Clone(job.Counts), "filter": job.BulkFilter}}
	if job.Kind == BulkReplay {
		entry.Action = interview.AuditReplayWebhooks
	}
	if job.StoppedBy != "" {
		entry.Detail["stoppedBy"] = job.StoppedBy
	}
	return tx.recordAudit(ctx, entry)
}

// EndLostBulk ends the jobs of which no process has said for a while that it works on them.
func (s *Store) EndLostBulk(ctx context.Context, quiet time.Duration) error {
	var lost []string
	err := collect(ctx, s.read(), func(r row) error {
		var id string
		err := r.Scan(&id)
		lost = append(lost, id)
		return err
	}, `SELECT id FROM bulk_jobs WHERE state = 'running' AND alive_at < $1`, s.now().Add(-quiet))
	if err != nil {
		return fmt.Errorf("looking for lost bulk jobs: %w", err)
	}
	for _, id := range lost {
		if err := s.EndBulk(ctx, id, BulkInterrupted, ""); err != nil {
			return err
		}
	}
	return nil
}
