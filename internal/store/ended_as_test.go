package store

import (
	"context"
	"slices"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/migrations"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Whoever writes a status, and by whatever statement, also writes how the call ended.
func TestEndOfACallFollowsItsStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url, Options{})
		ids := seed(t, s, 3)
		for _, step := range []struct{ status, want string }{
			{"RINGING", ""}, {"COMPLETED", "COMPLETED"}, {"BUSY", "BUSY"}, {"IN_PROGRESS", ""}, {"CANCELED", "CANCELED"}, {"CANCELED", "CANCELED"},
		} {
			s.mustExec(t, `UPDATE calls SET status = $1`, step.status)
			s.mustExec(t, `UPDATE calls SET sequence = sequence + 1 WHERE id = $1`, ids[0])
			for _, id := range ids {
				if got := endedAs(t, s, id); got != step.want {
					t.Fatalf("a call that is %s ended as %q, want %q", step.status, got, step.want)
				}
			}
		}
		for _, status := range []interview.CallStatus{interview.CallFailed, interview.CallRinging} {
			id := "made-" + string(status)
			s.mustExec(t, `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts,
				error_code, error_message, transcript, created_at, updated_at) SELECT $1, campaign_id, '', '', '', $2, 0, '', 0, 0, '', '',
				created_at, created_at FROM calls WHERE id = $3`, id, string(status), ids[0])
			want := ""
			if status.Terminal() {
				want = string(status)
			}
			if got := endedAs(t, s, id); got != want {
				t.Errorf("a call that was made %s ended as %q, want %q", status, got, want)
			}
		}
	})
}

func endedAs(t *testing.T, s *Store, id string) (ended string) {
	t.Helper()
	if err := s.read().QueryRow(t.Context(), `SELECT ended_as FROM calls WHERE id = $1`, id).Scan(&ended); err != nil {
		t.Fatal(err)
	}
	return ended
}

// An index that has the status, or a generated column that is made of it, would be written by nearly each webhook.
func TestStatusOfALiveCallIsInNoIndexOfSQLite(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	var columns columnSet
	for i, column := range callState {
		if slices.Contains([]string{"status text", "sequence integer", "started_at timestamptz"}, column) {
			columns |= 1 << i
		}
	}
	var written []string
	part := 0
	err := collect(t.Context(), s.read(), func(r row) error {
		var at, p1, p2, p3, p5 int
		var opcode string
		var p4, comment *string
		if err := r.Scan(&at, &opcode, &p1, &p2, &p3, &p4, &p5, &comment); err != nil {
			return err
		}
		if at == 0 { // of the statement, of its trigger, then of the trigger that counts
			part++
		}
		if part == 1 && (opcode == "IdxInsert" || opcode == "IdxDelete") {
			written = append(written, opcode)
		}
		return nil
	}, "EXPLAIN "+callUpdate(columns).sqlite, nil, nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if part != 3 || len(written) > 0 {
		t.Errorf("%d programs; %v", part, written)
	}
}

// What an earlier version left in SQLite is the same afterwards, and once more when that version is back.
func TestCallsAndEventIDsSurviveTheirNewTables(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	ids := seed(t, s, 3)
	d := migrations.Database{SQLite: s.sqlite.write}
	s.mustExec(t, `UPDATE calls SET status = 'BUSY' WHERE id = $1`, ids[0])
	s.mustExec(t, `INSERT INTO webhook_dedup ("id", "receivedAt") VALUES ('CA2:voice', '2026-01-02 03:04:05'), ('CA1:voice', '2026-01-02 03:04:06')`)
	check := func(when string) {
		t.Helper()
		for i, want := range []string{"BUSY", "", ""} {
			if got := endedAs(t, s, ids[i]); got != want {
				t.Errorf("%s: call %d ended as %q, want %q", when, i, got, want)
			}
		}
		var n int
		err := s.read().QueryRow(t.Context(), `SELECT COUNT(*) FROM webhook_dedup WHERE ("id", "receivedAt") IN
			(VALUES ('CA2:voice', '2026-01-02 03:04:05'), ('CA1:voice', '2026-01-02 03:04:06'))`).Scan(&n)
		if err != nil || n != 2 {
			t.Errorf("%s: %d event ids (%v)", when, n, err)
		}
	}
	for _, step := range []struct {
		when string
		do   func(context.Context) error
	}{{"before", func(ctx context.Context) error { return d.DownTo(ctx, 40) }}, {"after", d.Up}} {
		if err := step.do(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(step.when)
	}
}
