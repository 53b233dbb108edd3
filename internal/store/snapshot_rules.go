package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SnapshotRule is a rule that the database alone can check.
type SnapshotRule struct {
	// Kind names a breach of the rule, Text says what it is.
	Kind, Text string
	// Settled says that the rule holds only once nothing is under way any more.
	Settled bool
	// statement selects the breaches since $1: an id of what breaks the rule, and a detail. $2 is the moment named by second, and no id
	// of a row that was made since $1 is less than $first: where it is compared, older rows are not read.
	statement string
	second    snapshotMoment
	// counts says that the rule is of the counts that SQLite keeps. It is about all rows, so a look since a time leaves it out.
	counts bool
	// overlaps says that the statement is one of checkOverlaps.
	overlaps bool
}

// snapshotMoment names what else a statement needs to know.
type snapshotMoment int

const (
	noMoment snapshotMoment = iota
	legacyBefore
	stuckBefore
	gateSince
)

// SnapshotScope bounds what is looked at.
type SnapshotScope struct {
	// Since leaves out what is older.
	Since time.Time
	// LegacyBefore leaves out event ids without an event that were there before this program.
	LegacyBefore time.Time
	// StuckBefore is since when an open run must have lacked a job to count as stuck.
	StuckBefore time.Time
	// GateSince is since when a verdict of the gate is kept of each dial.
	GateSince time.Time
}

// Check calls found with every breach of the rule, one after another: its subject, an id, and a detail. Nothing of it is
// personal data.
func (s *Snapshot) Check(ctx context.Context, rule SnapshotRule, scope SnapshotScope, found func(subject, detail string)) error {
	if rule.counts && (!s.dialect.keepsCounts || !scope.Since.IsZero()) {
		return nil
	}
	args := []any{scope.Since.UTC()}
	switch rule.second {
	case legacyBefore:
		args = append(args, scope.LegacyBefore.UTC())
	case stuckBefore:
		args = append(args, scope.StuckBefore.UTC())
	case gateSince:
		args = append(args, scope.GateSince.UTC())
	case noMoment:
	}
	var err error
	if rule.overlaps {
		err = s.checkOverlaps(ctx, sinceFirst(rule.statement, scope.Since), scope.Since.UTC(), found)
	} else {
		err = collect(ctx, s.q, func(r row) error {
			var subject, detail string
			err := r.Scan(&subject, &detail)
			if err == nil {
				found(subject, detail)
			}
			return err
		}, sinceFirst(rule.statement, scope.Since), args...)
	}
	if err != nil {
		return fmt.Errorf("checking %s: %w", rule.Kind, err)
	}
	return nil
}

// comparedWithFirst are the comparisons of ids with $first.
var comparedWithFirst = regexp.MustCompile(` AND (\w+\.)?id >= \$first`)

// sinceFirst puts the id for $first into a statement. Of one that looks at everything, without a beginning, the comparison is taken out:
// SQLite would read the rows by their index instead of one after another.
func sinceFirst(statement string, since time.Time) string {
	if since.IsZero() {
		return comparedWithFirst.ReplaceAllString(statement, "")
	}
	return strings.ReplaceAll(statement, "$first", "'"+firstID(since.Add(-receivedSlack))+"'")
}

// SnapshotRules are the rules, in the order of a call's life.
func SnapshotRules() []SnapshotRule {
	return slices.Concat(inboxRules(), dialRules(), functionRules(), numberRules(), gateRules(), speechRules(), errorRules(), intentRules(), recordingRules())
}

func inboxRules() []SnapshotRule {
	return []SnapshotRule{
		{Kind: "event-without-id", Text: "an accepted event has no row in webhook_dedup: it could take effect again",
			statement: `SELECT e.id, e.event_id FROM webhook_events e LEFT JOIN webhook_dedup d ON d."id" = e.event_id
				WHERE e.outcome = 'accepted' AND e.received_at >= $1 AND e.id >= $first AND d."id" IS NULL`},
		{Kind: "id-without-event", Text: "an event id is taken and no event was accepted under it: an event is lost",
			statement: `SELECT d."id", '' FROM webhook_dedup d LEFT JOIN webhook_events e ON e.event_id = d."id" AND e.outcome = 'accepted'
				WHERE d."receivedAt" >= $1 AND d."receivedAt" >= $2 AND e.id IS NULL`, second: legacyBefore},
		{Kind: "event-accepted-twice", Text: "two events were accepted under one id",
			statement: `SELECT DISTINCT e.event_id, CAST((SELECT COUNT(*) FROM webhook_events a WHERE a.outcome = 'accepted' AND a.event_id = e.event_id) AS TEXT)
				FROM webhook_events e WHERE e.outcome = 'accepted' AND e.received_at >= $1 AND e.id >= $first AND EXISTS
				(SELECT 1 FROM webhook_events o WHERE o.outcome = 'accepted' AND o.event_id = e.event_id AND o.id <> e.id)`},
		{Kind: "event-without-reply", Text: "an accepted event has no reply to repeat",
			statement: `SELECT id, event_id FROM webhook_events WHERE outcome = 'accepted' AND received_at >= $1 AND id >= $first
				AND (reply_status < 200 OR reply_status > 299 OR reply_body IS NULL OR LENGTH(reply_body) = 0)`},
		{Kind: "event-without-call", Text: "an accepted event belongs to no call",
			statement: `SELECT e.id, e.event_id FROM webhook_events e LEFT JOIN calls c ON c.id = e.call_id
				WHERE e.outcome = 'accepted' AND e.received_at >= $1 AND e.id >= $first AND c.id IS NULL
				AND NOT (e.kind = 'voice' AND e.call_id = '' AND e.body IS NULL)`}, // of who called an installation without campaigns
		{Kind: "event-of-another-call", Text: "an accepted event is of another CallSid than its call",
			statement: `SELECT e.id, e.event_id FROM webhook_events e JOIN calls c ON c.id = e.call_id
				WHERE e.outcome = 'accepted' AND e.received_at >= $1 AND e.id >= $first AND c.twilio_sid <> e.call_sid`},
		{Kind: "callsid-twice", Text: "two calls are bound to one CallSid",
			statement: `SELECT DISTINCT c.twilio_sid, CAST((SELECT COUNT(*) FROM calls a WHERE a.twilio_sid <> '' AND a.twilio_sid = c.twilio_sid) AS TEXT)
				FROM calls c WHERE c.twilio_sid <> '' AND c.created_at >= $1 AND c.id >= $first AND EXISTS
				(SELECT 1 FROM calls o WHERE o.twilio_sid <> '' AND o.twilio_sid = c.twilio_sid AND o.id <> c.id)`},
		{Kind: "ended-otherwise", Text: "the call is in the indexes with another end than its status",
			statement: `SELECT c.id, c.ended_as FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.ended_as <>
				CASE WHEN c.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED') THEN c.status ELSE '' END`},
		{Kind: "calls-miscounted", Text: "the campaign has another number of calls of a kind than is counted of it", counts: true,
			statement: `SELECT campaign_id, ended_as || ' ' || consent || ' ' || CAST(SUM(n) AS TEXT) FROM
				(SELECT campaign_id, ended_as, direction = 'inbound' AS inbound, consent, consent_by, 1 AS n FROM calls WHERE created_at >= $1
				UNION ALL SELECT campaign_id, ended_as, inbound, consent, consent_by, -n FROM call_counts) AS compared
				GROUP BY campaign_id, ended_as, inbound, consent, consent_by HAVING SUM(n) <> 0`},
		{Kind: "contacts-miscounted", Text: "the campaign has another number of contacts in a state than is counted of it", counts: true,
			statement: `SELECT campaign_id, state || ' ' || CAST(SUM(n) AS TEXT) FROM
				(SELECT campaign_id, state, 1 AS n FROM contacts WHERE created_at >= $1 UNION ALL SELECT campaign_id, state, -n FROM contact_counts) AS compared
				GROUP BY campaign_id, state HAVING SUM(n) <> 0`},
	}
}

func dialRules() []SnapshotRule {
	return []SnapshotRule{
		{Kind: "call-without-run", Text: "nothing was asked to dial the call",
			statement: `SELECT c.id, c.status FROM calls c LEFT JOIN function_runs r ON r.function = 'orchestrate-call' AND r.key = c.id
				WHERE c.created_at >= $1 AND c.id >= $first AND r.id IS NULL AND c.direction <> 'inbound'`},
		{Kind: "call-never-dialled", Text: "the call is queued and nothing will dial it",
			statement: `SELECT c.id, '' FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.status = 'QUEUED' AND c.dialed_at IS NULL
				AND EXISTS (SELECT 1 FROM function_runs r WHERE r.function = 'orchestrate-call' AND r.key = c.id)
				AND NOT EXISTS (SELECT 1 FROM function_runs r WHERE r.function = 'orchestrate-call'
				AND r.key IN (c.id, c.id || ':redial:' || CAST((SELECT COUNT(*) FROM call_history h
				WHERE h.call_id = c.id AND h.what = 'dial.absent') AS TEXT)) AND r.state <> 'done')`},
		{Kind: "dialled-twice", Text: "the call was dialled again though nothing proved that the dial before had created nothing",
			statement: `SELECT h.call_id, CAST(COUNT(*) AS TEXT) FROM call_history h JOIN calls c ON c.id = h.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND h.what IN ('dial.intent', 'dial.accepted', 'dial.postponed', 'dial.absent')
				GROUP BY h.call_id HAVING SUM(CASE WHEN h.what = 'dial.accepted' THEN 1 ELSE 0 END) > 1
				OR SUM(CASE WHEN h.what = 'dial.intent' THEN 1 ELSE 0 END) >
				1 + SUM(CASE WHEN h.what IN ('dial.postponed', 'dial.absent') THEN 1 ELSE 0 END)`},
		{Kind: "accepted-without-intent", Text: "Twilio accepted a call without an intent to dial it",
			statement: `SELECT c.id, '' FROM calls c WHERE c.created_at >= $1 AND c.id >= $first
				AND EXISTS (SELECT 1 FROM call_history h WHERE h.call_id = c.id AND h.what = 'dial.accepted')
				AND NOT EXISTS (SELECT 1 FROM call_history h WHERE h.call_id = c.id AND h.what = 'dial.intent')`},
		{Kind: "two-calls-for-one", Text: "Twilio accepted another call than the one whose events came: the person was called twice",
			statement: `SELECT c.id, h.detail FROM calls c JOIN call_history h ON h.call_id = c.id AND h.what = 'dial.accepted'
				WHERE c.created_at >= $1 AND c.id >= $first AND h.detail <> c.twilio_sid AND NOT EXISTS (SELECT 1 FROM call_history u
				WHERE u.call_id = c.id AND u.what = 'dial.unknown' AND u.detail = '` + dialedElsewhere + `')`},
		{Kind: "call-unwatched", Text: "the call is under way and nobody will look for what does not come",
			statement: `SELECT c.id, c.status FROM calls c LEFT JOIN call_watch w ON w.call_id = c.id
				WHERE c.created_at >= $1 AND c.id >= $first AND (c.dialed_at IS NOT NULL OR c.direction = 'inbound') AND w.call_id IS NULL AND NOT c.simulated
				AND c.status NOT IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')`},
		{Kind: "words-without-consent", Text: "something said is kept though the person did not agree",
			statement: `SELECT c.id, c.consent FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.consent <> 'given' AND (c.transcript <> ''
				OR EXISTS (SELECT 1 FROM utterances u WHERE u.call_id = c.id)
				OR EXISTS (SELECT 1 FROM waveforms w WHERE w.call_id = c.id)
				OR EXISTS (SELECT 1 FROM claims l WHERE l.call_id = c.id))`},
		{Kind: "recording-without-consent", Text: "a recording is kept though the person did not agree, and nothing was asked to delete it",
			statement: `SELECT r.sid, r.call_id FROM recordings r JOIN calls c ON c.id = r.call_id WHERE r.created_at >= $1
				AND c.consent <> 'given' AND (r.url <> '' OR r.status = 'completed' AND NOT EXISTS (SELECT 1 FROM function_runs f
				WHERE f.function = 'delete-recording' AND f.key = r.call_id || ':' || r.sid))`},
	}
}

// intentRules are those of the intents to dial: the account and the deadline.
func intentRules() []SnapshotRule {
	return []SnapshotRule{
		{Kind: "dial-sent-late", Text: "the request to call was sent after the deadline of its intent: another may have been sent meanwhile",
			statement: `SELECT i.call_id, i.run_id FROM dial_intents i JOIN calls c ON c.id = i.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND i.sent_at > i.deadline`},
		{Kind: "call-in-another-account", Text: "the call is bound to a call of another account than the one that dialled it",
			statement: `SELECT c.id, c.account_sid FROM calls c JOIN dial_intents i ON i.call_id = c.id
				WHERE c.created_at >= $1 AND c.id >= $first AND c.twilio_sid <> '' AND c.account_sid <> '' AND i.account_sid <> ''
				AND c.account_sid <> i.account_sid`},
	}
}

// speechRules are those of segments that were dropped from transcripts.
func speechRules() []SnapshotRule {
	return []SnapshotRule{
		{Kind: "dropped-without-consent", Text: "a dropped segment is kept though the person did not agree, or it was erased",
			statement: `SELECT c.id, MIN(d.reason) FROM dropped_segments d JOIN calls c ON c.id = d.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND (c.consent <> 'given' OR c.erased_at IS NOT NULL) GROUP BY c.id`},
		{Kind: "dropped-without-transcript", Text: "a dropped segment is kept of a recording that was not transcribed",
			statement: `SELECT d.call_id, MAX(d.recording_sid) FROM dropped_segments d JOIN calls c ON c.id = d.call_id
				LEFT JOIN recordings r ON r.sid = d.recording_sid AND r.call_id = d.call_id
				WHERE c.created_at >= $1 AND c.id >= $first AND r.transcribed_at IS NULL GROUP BY d.call_id`},
	}
}

// errorRules look for the words of services, which may quote a person, where no erasure would find them, or after one. The
// words themselves are not known, so the form of what is kept is looked at.
func errorRules() []SnapshotRule {
	// ours are the beginnings of what is kept of an error with a run.
	const ours = ` (e.last_error LIKE 'transient: %' OR e.last_error LIKE 'permanent: %' OR e.last_error LIKE 'unclear: %'
		OR e.last_error LIKE 'waiting until %' OR e.last_error LIKE 'stopped: %' OR e.last_error LIKE 'sending the event to Inngest%'
		OR e.last_error IN ('', 'error of an earlier version', '` + processDied + `', '` + eventLost + `')) `
	return []SnapshotRule{
		{Kind: "error-of-erased-call", Text: "a call was erased and what a service said of it is still kept",
			statement: `SELECT c.id, '' FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.erased_at IS NOT NULL AND (c.error_message <> ''
				OR EXISTS (SELECT 1 FROM run_errors r WHERE r.call_id = c.id)
				OR EXISTS (SELECT 1 FROM run_answers a WHERE a.call_id <> '' AND a.call_id = c.id)
				OR EXISTS (SELECT 1 FROM webhook_events w WHERE w.call_id = c.id AND w.outcome = 'failed' AND w.error <> '')
				OR EXISTS (SELECT 1 FROM function_runs e WHERE e.subject = c.id AND NOT` + ours + `))`},
		{Kind: "error-without-consent", Text: "a call lost its consent and what a model said of it is still kept",
			statement: `SELECT c.id, '' FROM calls c WHERE c.created_at >= $1 AND c.id >= $first AND c.consent = 'refused'
				AND (EXISTS (SELECT 1 FROM run_errors r WHERE r.call_id = c.id)
				OR EXISTS (SELECT 1 FROM run_answers a WHERE a.call_id <> '' AND a.call_id = c.id))`},
		{Kind: "refusal-with-words", Text: "the history of an erased call quotes Twilio's refusal",
			statement: `SELECT c.id, h.id FROM calls c JOIN call_history h ON h.call_id = c.id AND h.what = '` + noteRefused + `'
				WHERE c.created_at >= $1 AND c.id >= $first AND c.erased_at IS NOT NULL AND LENGTH(h.detail) > 6`},
	}
}

// recordingRules are those of audio that must not be kept. Whether a recording began before the consent, package verify asks
// package interview.
func recordingRules() []SnapshotRule {
	return []SnapshotRule{
		{Kind: "words-of-deleted-recording", Text: "something said is kept of a recording that was deleted",
			statement: `SELECT r.sid, r.call_id FROM recordings r WHERE r.created_at >= $1 AND r.status = 'deleted'
				AND (EXISTS (SELECT 1 FROM utterances u WHERE u.call_id = r.call_id AND u.recording_sid = r.sid)
				OR EXISTS (SELECT 1 FROM waveforms w WHERE w.call_id = r.call_id AND w.recording_sid = r.sid)
				OR EXISTS (SELECT 1 FROM claims l WHERE l.call_id = r.call_id AND l.recording_sid = r.sid))`},
		{Kind: "call-uncleared", Text: "Twilio may have a recording of the call that must not be kept, and nobody will look for one",
			statement: `SELECT c.id, c.twilio_sid FROM calls c LEFT JOIN call_watch w ON w.call_id = c.id
				WHERE c.created_at >= $1 AND c.id >= $first AND c.cleared_at IS NULL AND w.call_id IS NULL AND c.twilio_sid <> ''
				AND NOT c.simulated AND c.status IN ('COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'CANCELED')
				AND (c.started_at IS NOT NULL OR c.status = 'COMPLETED')`},
	}
}
