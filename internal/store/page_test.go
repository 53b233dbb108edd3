package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// explaining runs a statement and returns how the database went about it.
type explaining struct {
	querier
	sqlite bool
}

func (q explaining) Query(ctx context.Context, sql string, args ...any) (rows, error) {
	if q.sqlite {
		// The plan's lines are its last column.
		return q.querier.Query(ctx, "EXPLAIN QUERY PLAN "+sql, args...)
	}
	return q.querier.Query(ctx, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) "+sql, args...)
}

var (
	rowsSkipped = regexp.MustCompile(`Rows Removed by (?:Filter|Index Recheck): (\d+)`)
	rowsRead    = regexp.MustCompile(`Scan.*\(actual rows=(\d+)(?:\.\d+)? loops=1\)`)
	// walks is a walk through a table, or through an index of all its rows, without a key.
	walks = regexp.MustCompile(`SCAN (calls|claims|webhook_events|function_runs|do_not_call|stops)($| USING (COVERING )?INDEX (sqlite_autoindex\S*|\w+_(ended_as|consent|kind|call|function|state|subject)$))`)
)

// effort is how many rows the database read in vain for a list, at least, and its plan.
func effort(t *testing.T, s *Store, selection, table string, f filter) (int, string) {
	t.Helper()
	q := explaining{s.read(), s.sqlite != nil}
	plan, err := list(t.Context(), q, selection, table, f, Page{Limit: 50}, func(r row) (string, error) {
		var line string
		if q.sqlite {
			var a, b, c int
			return line, r.Scan(&a, &b, &c, &line)
		}
		return line, r.Scan(&line)
	}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	text, n := strings.Join(plan.Items, "\n"), 0
	if q.sqlite {
		for _, line := range plan.Items {
			if walks.MatchString(line) {
				n += 1 << 20
			}
		}
		return n, text
	}
	for _, counts := range []*regexp.Regexp{rowsSkipped, rowsRead} {
		for _, match := range counts.FindAllStringSubmatch(text, -1) {
			rows, err := strconv.Atoi(match[1])
			if err != nil {
				t.Fatal(err)
			}
			n += rows
		}
	}
	return n, text
}

// fill makes many calls of two campaigns, with an event and a run each, all alike: whatever a filter asks for is rare.
func fill(t *testing.T, s *Store, many int) {
	t.Helper()
	if err := s.fill(t.Context(), many); err != nil {
		t.Fatal(err)
	}
}

// eachFilled runs a test on both databases, at the same time, with what fill makes of 20,000 calls.
func eachFilled(t *testing.T, test func(t *testing.T, s *Store, url string)) {
	t.Helper()
	const many = 20_000
	hash := sha256.Sum256([]byte(strings.Join(fillStatements(""), "")))
	storetest.EachFilled(t, fmt.Sprintf("%d_calls_%x", many, hash[:4]), func(ctx context.Context, url string) error {
		s, err := Open(ctx, url, Options{})
		if err != nil {
			return err
		}
		defer s.Close()
		return s.fill(ctx, many)
	}, func(t *testing.T, url string) { test(t, open(t, url, Options{}), url) })
}

func (s *Store) fill(ctx context.Context, many int) error {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, statement := range fillStatements(blob(s)) {
		args := []any{many, at, firstID(at)[:10]}
		if !strings.Contains(statement, "$3") {
			args = args[:2]
		}
		if statement == "ANALYZE" {
			args = nil
		}
		err := s.write(ctx, func(tx *Tx) error {
			if tx.pgx != nil && args != nil {
				statement = strings.ReplaceAll(strings.ReplaceAll(statement, "$1", "$1::integer"), "$2", "$2::timestamptz")
				statement = strings.ReplaceAll(statement, "$3", "$3::text")
			}
			_, err := tx.Exec(ctx, statement, args...)
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// fillStatements are the statements of fill. bytes is the type of bytes.
func fillStatements(bytes string) []string {
	const series = `WITH RECURSIVE n (g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < $1) `
	return []string{
		`INSERT INTO campaigns (id, name, category, prompt_template, status, created_at, updated_at)
			SELECT 'campaign' || $1, 'Shelves', '', '', 'ACTIVE', $2, $2`,
		series + `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts,
			error_code, error_message, transcript, created_at, updated_at)
			SELECT $3 || (100000 + g), 'campaign' || $1, '+1555' || (1000000 + g), 'CA' || g, 'AC', 'COMPLETED', 0, 'given', 1, 0, '', '', $2, $2
			FROM n`,
		series + `INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type,
			body_hash, idempotency_token, reply_status, reply_type, error, attempt, duplicates, received_at, campaign_id)
			SELECT $3 || (100000 + g), 'e' || g, CASE g % 5 WHEN 0 THEN 'voice' WHEN 1 THEN 'consent' WHEN 2 THEN 'recording' ELSE 'status' END,
			'accepted', 'webhook', $3 || (100000 + g), 'CA' || g, 'AC', '/', 'f', CAST('' AS ` + bytes + `), '', 200, 't', '', 0, 0, $2, 'campaign' || $1 FROM n`,
		series + `INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, created_at)
			SELECT $3 || (100000 + g), CASE g % 2 WHEN 0 THEN 'orchestrate-call' ELSE 'extract-claims' END, 'k' || g, 'done',
			'{"callId":"c' || g || '"}', 'api', 1, '', $2 FROM n`,
		series + `INSERT INTO claims (id, call_id, recording_sid, field, value_text, unit, sku_id, geo_code, text, raw_text, start_sec, end_sec,
			confidence, low_confidence, validated, contradicting, rejected, created_at)
			SELECT $3 || (100000 + g), $3 || (100000 + g), 'RE' || g, 'PRICE', '', 'NONE', '', '', 'Bread is dear.', 'Bread is dear.', 0, 1, 1, FALSE, FALSE, FALSE,
			'', $2 FROM n`,
		series + `INSERT INTO do_not_call (id, number_hash, masked, scope, source, reason, requested_by, call_id, created_at)
			SELECT $3 || (100000 + g), CAST('h' || g AS ` + bytes + `), '', 'all', 'api', '', '', '', $2 FROM n`,
		series + `INSERT INTO stops (id, scope, mode, requested_by, reason, created_at, hung_up_at, ended_at, ended_by)
			SELECT $3 || (100000 + g), 'all', 'finish', '', '', $2, $2, $2, '' FROM n`,
		`ANALYZE`,
	}
}

// asInProduction gives a database the statistics that it has in production: SQLite has none, since nothing makes them there.
func asInProduction(t *testing.T, s *Store, url string) *Store {
	t.Helper()
	if s.postgres != nil {
		if _, err := s.postgres.Exec(t.Context(), "VACUUM ANALYZE"); err != nil { // an index-only scan needs the visibility map
			t.Fatal(err)
		}
		return s
	}
	s.mustExec(t, "ANALYZE") // so that the table is there
	s.mustExec(t, "DELETE FROM sqlite_stat1")
	s.Close()
	return open(t, url, Options{})
}

func blob(s *Store) string {
	if s.sqlite != nil {
		return "BLOB"
	}
	return "BYTEA"
}

// A list filtered by what hardly occurs must not read everything else first. Both databases are asked with statistics; SQLite
// has none in production, and is asked without them too.
func TestFilteredListsDoNotReadTheWholeTable(t *testing.T) {
	eachFilled(t, func(t *testing.T, s *Store, url string) {
		later, unknown, given := time.Now(), interview.ConsentUnknown, interview.ConsentGiven
		calls := map[string]CallFilter{
			"by number":                       {PhoneNumber: "+15551000007"},
			"by no number":                    {PhoneNumber: "+15550000000"},
			"by CallSid":                      {CallSid: "CA7"},
			"of a status":                     {Statuses: []interview.CallStatus{"FAILED"}},
			"of some statuses":                {Statuses: []interview.CallStatus{"FAILED", "COMPLETED", "BUSY"}},
			"that live":                       {Statuses: []interview.CallStatus{"RINGING"}},
			"that do not live so":             {Statuses: without("COMPLETED")},
			"that live or failed":             {Statuses: []interview.CallStatus{"RINGING", "QUEUED", "FAILED"}},
			"of a campaign":                   {CampaignID: "none"},
			"failed of a campaign":            {CampaignID: "campaign20000", Statuses: []interview.CallStatus{"FAILED"}},
			"with an error":                   {ErrorCode: 21211},
			"with a SIP response":             {SIPResponse: 486},
			"with a SIP response, of one":     {SIPResponse: 486, CampaignID: "campaign20000", Since: later.AddDate(-1, 0, 0)},
			"with an error, of today":         {ErrorCode: 21211, Since: later},
			"without an answer":               {Consent: &unknown},
			"since":                           {Since: later},
			"until":                           {Until: later.AddDate(-1, 0, 0)},
			"failed since":                    {Since: later, Statuses: []interview.CallStatus{"FAILED", "COMPLETED"}, CampaignID: "campaign20000"},
			"that came in":                    {Direction: interview.DirectionInbound},
			"that came in and ended":          {Direction: interview.DirectionInbound, Statuses: []interview.CallStatus{"COMPLETED"}},
			"that came in and did so":         {Direction: interview.DirectionInbound, Statuses: []interview.CallStatus{"COMPLETED", "BUSY"}},
			"that came in for one":            {Direction: interview.DirectionInbound, CampaignID: "campaign20000"},
			"that came in for one, completed": {Direction: interview.DirectionInbound, CampaignID: "campaign20000", Statuses: []interview.CallStatus{"COMPLETED"}},
			"that came in since":              {Direction: interview.DirectionInbound, Since: later.AddDate(-10, 0, 0)},
			"that came in, with a yes":        {Direction: interview.DirectionInbound, Consent: &given},
			"with a rejected claim":           {RejectedClaims: true},
			"with a rejected one, of one":     {RejectedClaims: true, CampaignID: "campaign20000"},
			"with a rejected one, completed":  {RejectedClaims: true, Statuses: []interview.CallStatus{"COMPLETED", "BUSY"}},
			"that we made for one":            {Direction: interview.DirectionOutbound, CampaignID: "campaign20000"},
		}
		webhooks := map[string]WebhookFilter{
			"of a kind":              {Kind: "answer"},
			"failed":                 {Outcome: "failed"},
			"failed of a kind":       {Outcome: "failed", Kind: "status"},
			"not accepted":           {NotAccepted: true},
			"not accepted of a kind": {NotAccepted: true, Kind: "status"},
			"not accepted since":     {NotAccepted: true, Since: later},
			"duplicated":             {Outcome: "duplicate"},
			"of a call":              {CallID: firstID(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))[:10] + "100007"},
			"of a CallSid":           {CallSid: "CA7"},
			"of an unknown CallSid":  {CallSid: "CAnone"},
			"of a campaign":          {CampaignID: "none"},
			"failed of a campaign":   {CampaignID: "campaign20000", Outcome: "failed"},
			"with an error":          {Error: "timeout"},
			"since":                  {Since: later},
			"until":                  {Until: later.AddDate(-1, 0, 0)},
			"of a CallSid since":     {CallSid: "CA7", Since: later},
			"failed since":           {Outcome: "failed", Since: later, CampaignID: "campaign20000"},
		}
		runs := map[string]RunFilter{
			"failed":                  {State: "failed"},
			"waiting":                 {State: "waiting"},
			"of a function":           {Function: "validate-claim"},
			"a state that is no word": {Function: "validate-claim", State: "'; --"},
			"of a call":               {CallID: "c7"},
			"with an error":           {Error: "503"},
			"with a whole error":      {LastError: "transient: model: 503"},
			"since":                   {Since: later},
			"failed since":            {State: "failed", Since: later},
		}
		check := func(when string) {
			for _, plan := range lookups(t, s) {
				t.Errorf("%s %s", when, plan)
			}
			look := func(name, selection, table string, f filter) {
				// 51 rows, found by id for each of up to three parts.
				if n, plan := effort(t, s, selection, table, f); n > 500 {
					t.Errorf("%s %s %s: %d rows were read:\n%s", when, table, name, n, plan)
				}
			}
			for name, by := range calls {
				look(name, selectCalls, "calls", by.conditions())
			}
			for name, by := range webhooks {
				look(name, selectWebhooks, "webhook_events", by.conditions())
			}
			for name, by := range runs {
				look(name, selectRuns, "function_runs", by.conditions())
			}
			look("of a campaign", selectDoNotCall, "do_not_call", DoNotCallFilter{Scope: "campaign20000"}.conditions(nil))
			look("by number", selectDoNotCall, "do_not_call", DoNotCallFilter{}.conditions([]byte("h7")))
			look("by number, of a campaign", selectDoNotCall, "do_not_call", DoNotCallFilter{Scope: "campaign20000"}.conditions([]byte("h7")))
			look("after an id", selectDoNotCall, "do_not_call", filter{conditions: []string{"do_not_call.id < '0'"}})
			look("after an id", selectStops, "stops", filter{conditions: []string{"stops.id < '0'"}})
			for name, statement := range map[string]string{"stops in force": stopsInForceBy(``), "stops to carry out": stopsInForceBy(notCarriedOut),
				"all stops": selectStops + ` ORDER BY stops.id DESC LIMIT 51`, "all entries": selectDoNotCall + ` ORDER BY do_not_call.id DESC LIMIT 51`} {
				if plan := s.howRead(t, statement); regexp.MustCompile(`Seq Scan|SCAN (stops|do_not_call)$`).MatchString(plan) || strings.HasPrefix(name, "all") && tableRead.MatchString(plan) {
					t.Errorf("%s %s:\n%s", when, name, plan)
				}
			}
		}
		check("with statistics:")
		if s.sqlite != nil {
			s = asInProduction(t, s, url)
			check("without statistics:")
		}
	})
}
