package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/webhook"
)

// spellings are the ways in which a service may write the number down.
var spellings = []string{secretNumber, "15557771234", "(555) 777-1234", "1 555 777 1234", "555.777.1234", "001-555-777-1234",
	"%2B15557771234", "+1\u00a0(555)\u00a0777\u20111234"}

// spelled finds the number whatever stands between its digits.
var spelled = regexp.MustCompile(`777[^0-9A-Za-z]{0,4}1[^0-9A-Za-z]{0,4}2[^0-9A-Za-z]{0,4}3[^0-9A-Za-z]{0,4}4`)

func quoting() string { return secretWords + " said " + strings.Join(spellings, " or ") }

// leaks are the lines of a text that still know the person.
func leaks(text string) (found []string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, secretWords) || strings.Contains(line, url.QueryEscape(secretWords)) || spelled.MatchString(line) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// quoteEverywhere puts what services said, and what earlier versions kept of it, wherever it can stand.
func (l *line) quoteEverywhere() {
	l.t.Helper()
	ctx, s := l.t.Context(), l.store
	running := s.mustStart(l.t, interview.ValidateClaim, s.mustText(l.t, `SELECT key FROM function_runs WHERE function = 'validate-claim'`))
	if err := s.KeepAnswer(ctx, running, "", "they said "+quoting(), "prose"); err != nil {
		l.t.Fatal(err)
	}
	if n := s.count(l.t, `SELECT COUNT(*) FROM run_answers WHERE call_id = ''`); n != 1 {
		l.t.Fatalf("%d answers about all calls", n)
	}
	for i, state := range []string{"waiting", "running", "failed", "done"} {
		id := fmt.Sprintf("legacy-%d", i)
		s.mustExec(l.t, `INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, heartbeat_at, created_at)
			VALUES ($1, 'end-call', $1, $2, $3, 'api', 1, $4, $5, $5)`, id, state, `{"callId":"`+l.id+`"}`, quoting(), s.now())
	}
	errorsOf := `json_array(json_object('attempt', 1, 'error', $1))`
	if s.postgres != nil {
		errorsOf = `ARRAY[jsonb_build_object('attempt', 1, 'error', $1::text)]`
	}
	s.mustExec(l.t, `UPDATE river_job SET errors = `+errorsOf, quoting())
	for _, what := range []string{noteRefused, noteUnknown, noteEnded, "reconcile.unknown"} {
		detail := quoting()
		if what == "reconcile.unknown" {
			detail = strings.Join(spellings, ", ") // of ours, at the most the number
		}
		s.mustExec(l.t, `INSERT INTO call_history (id, call_id, at, what, detail) VALUES ($1, $2, $3, $4, $5)`,
			"note-"+what, l.id, s.now(), what, "21211 "+detail)
	}
	s.mustExec(l.t, `UPDATE calls SET error_message = $2 WHERE id = $1`, l.id, quoting())
	event := &inbox.Event{ID: "failed", Kind: inbox.KindStatus, Subject: l.id, Body: []byte("x"), ReceivedAt: s.now()}
	if err := s.recordFailed(ctx, &delivery{event: event}, errors.New(quoting())); err != nil {
		l.t.Fatal(err)
	}
}

func (s *Store) mustText(t *testing.T, query string, args ...any) (text string) {
	t.Helper()
	if err := s.read().QueryRow(t.Context(), query, args...).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// A model quotes the transcript, Twilio the number, in errors; earlier versions kept those in the ledger, in River and in the
// history. A run that is under way does not keep them after the erasure either.
func TestErasureFindsWhatServicesSaidInErrors(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		l.transcribe(secretWords)
		under := s.mustStart(t, interview.ExtractClaims, l.id+":RE1")
		if err := s.KeepWords(t.Context(), under, quoting()); err != nil {
			t.Fatal(err)
		}
		if err := s.PostponeRun(t.Context(), under, jobs.Postponement{Reason: "model: 500", Counts: true}); err != nil {
			t.Fatal(err)
		}
		l.extract()
		l.quoteEverywhere()
		judging := interview.Run{ID: s.mustText(t, `SELECT id FROM function_runs WHERE function = 'validate-claim'`), Attempt: 1}
		judging.Key = s.mustText(t, `SELECT key FROM function_runs WHERE id = $1`, judging.ID)
		judging.Function, judging.Args = interview.ValidateClaim, []byte(s.mustText(t, `SELECT args FROM function_runs WHERE id = $1`, judging.ID))
		ending := interview.Run{ID: "legacy-1", Attempt: 1, Function: interview.EndCall, Args: []byte(`{"callId":"` + l.id + `"}`)}
		l.hangUp()
		if found := leaks(everything(t, s)); len(found) < 15 {
			t.Fatalf("the test looks in the wrong places: %q", found)
		}

		request := ErasureRequest{CallID: l.id, RequestedBy: "dpo@example.com", Reason: "the owner of 1 (555) 777-1234 asked"}
		if _, err := s.ErasePersonalData(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if found := leaks(everything(t, s)); len(found) != 0 {
			t.Errorf("left: %q", found)
		}
		if code := s.mustText(t, `SELECT detail FROM call_history WHERE id = $1`, "note-"+noteRefused); code != "21211" {
			t.Errorf("Twilio's code became %q", code)
		}

		// Attempts that were under way fail now.
		if err := s.KeepWords(t.Context(), ending, quoting()); err != nil {
			t.Fatal(err)
		}
		if err := s.KeepAnswer(t.Context(), judging, "", quoting(), "prose"); err != nil {
			t.Fatal(err)
		}
		l.send(inbox.KindStatus, "CallStatus", "failed", "ErrorMessage", quoting())
		event := &inbox.Event{ID: "late", Kind: inbox.KindStatus, Subject: l.id, Body: []byte(quoting()), ReceivedAt: s.now()}
		if err := s.recordFailed(t.Context(), &delivery{event: event}, errors.New(quoting())); err != nil {
			t.Fatal(err)
		}
		if found := leaks(everything(t, s)); len(found) != 0 {
			t.Errorf("came back: %q", found)
		}
	})
}

// Somebody may hold a run's row and wait for the call's while the call is erased.
func TestErasureWaitsForNoRunThatWaitsForItsCall(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		l.hangUp()
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		var ended = make(chan error, 2)
		for range 20 {
			go func() { ended <- s.KeepWords(t.Context(), run, quoting()) }()
			go func() {
				_, err := l.erase()
				ended <- err
			}()
			for range 2 {
				if err := <-ended; err != nil {
					t.Fatal(err)
				}
			}
		}
		if found := leaks(everything(t, s)); len(found) != 0 {
			t.Errorf("left: %q", found)
		}
	})
}

func TestWithdrawnConsentErasesWhatModelsSaidInErrors(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		run := s.mustStart(t, interview.TranscribeRecording, l.id+":RE1")
		if err := s.KeepWords(t.Context(), run, "bad audio: "+secretWords); err != nil {
			t.Fatal(err)
		}
		l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no")
		if err := s.KeepWords(t.Context(), run, "bad audio: "+secretWords); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM run_errors`); n != 0 {
			t.Errorf("%d errors kept", n)
		}
	})
}

// The migration moves what an earlier version kept in last_error to where an erasure finds it.
func TestErrorsOfAnEarlierVersionAreMovedToWhereAnErasureFindsThem(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		for s.mustMigration(t, "00009_errors.sql") {
			if err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s.mustExec(t, `UPDATE function_runs SET last_error = $1`, quoting())
		s.mustExec(t, `UPDATE river_job SET errors = `+map[bool]string{true: `ARRAY['{"error":"said"}'::jsonb]`, false: `'[{"error":"said"}]'`}[s.postgres != nil])
		if err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM river_job WHERE errors IS NOT NULL`); n != 0 {
			t.Errorf("River keeps %d errors", n)
		}
		if last := s.mustText(t, `SELECT last_error FROM function_runs`); len(leaks(last)) != 0 || last == "" {
			t.Errorf("last error %q", last)
		}
		if words := s.mustText(t, `SELECT words FROM run_errors WHERE call_id = $1`, l.id); words != quoting() {
			t.Errorf("moved %q", words)
		}
	})
}

// A process may die, or the database refuse, while the old errors are dropped. Then the step that needs it is still pending.
func TestInterruptedMigrationStillDropsOldErrors(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		dialledLine(t, s)
		for s.mustMigration(t, "00009_errors.sql") {
			if err := s.MigrateDown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		refuse, allow := `CREATE TRIGGER refuse BEFORE UPDATE ON river_job BEGIN SELECT RAISE(ABORT, 'no'); END`, `DROP TRIGGER refuse`
		old := `'[{"error":"said"}]'`
		if s.postgres != nil {
			refuse, allow = `ALTER TABLE river_job ADD CONSTRAINT refuse CHECK (errors IS NOT NULL)`, `ALTER TABLE river_job DROP CONSTRAINT refuse`
			old = `ARRAY['{"error":"said"}'::jsonb]`
		}
		s.mustExec(t, `UPDATE river_job SET errors = `+old)
		s.mustExec(t, refuse)
		if err := s.MigrateUp(t.Context()); err == nil {
			t.Fatal("the errors were dropped against the database's will")
		}
		if ok, err := s.Migrated(t.Context()); err != nil || ok || s.mustMigration(t, "00009_errors.sql") {
			t.Errorf("migrated %v, %v, while River keeps old errors", ok, err)
		}
		s.mustExec(t, allow)
		if err := s.MigrateUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM river_job WHERE errors IS NOT NULL`); n != 0 {
			t.Errorf("River keeps %d errors", n)
		}
	})
}

// mustMigration reports whether a migration is applied.
func (s *Store) mustMigration(t *testing.T, name string) bool {
	t.Helper()
	list, err := s.MigrateStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if filepath.Base(m.Name) == name {
			return !m.AppliedAt.IsZero()
		}
	}
	t.Fatalf("no migration %s", name)
	return false
}

// inFiles are the files of an SQLite database that hold something of the person.
func inFiles(t *testing.T, path string) (found []string) {
	t.Helper()
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if strings.Contains(string(data), secretWords) || strings.Contains(string(data), url.QueryEscape(secretWords)) || spelled.Match(data) {
			found = append(found, filepath.Base(name))
		}
	}
	return found
}

// awaitClean waits for the files to be clean, while the store stays open.
func awaitClean(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(5 * time.Millisecond) {
		found := inFiles(t, path)
		if len(found) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still in %v", found)
		}
	}
}

func TestErasedWordsLeaveTheFilesWhileTheProgramRuns(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	path := s.sqlite.log.path
	l := minedLine(t, s)
	l.quoteEverywhere()
	l.hangUp()
	if found := inFiles(t, path); len(found) == 0 {
		t.Fatal("the test looks in the wrong places")
	}
	if _, err := l.erase(); err != nil {
		t.Fatal(err)
	}
	if found := inFiles(t, path); len(found) != 0 {
		t.Errorf("when the erasure is answered it is still in %v", found)
	}
}

func TestWithdrawnWordsLeaveTheFilesWhileTheProgramRuns(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	path := s.sqlite.log.path
	l := dialledLine(t, s)
	l.send(inbox.KindVoice, "CallStatus", "in-progress")
	l.send(webhook.KindConsent, "SpeechResult", "yes")
	l.send(webhook.KindAnswer, "step", "1", "SpeechResult", secretWords)
	l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no")
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(5 * time.Millisecond) {
		all := ""
		for _, name := range []string{path, path + "-wal"} {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all += string(data)
		}
		if !strings.Contains(all, secretWords) && !strings.Contains(all, url.QueryEscape(secretWords)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("still in the files")
		}
	}
}

// A reader of an older state keeps the log as it is; a writer is not held up by that, and when the reader ends, or the
// process is killed and another one starts, the log is emptied.
func TestErasedWordsLeaveTheLogAfterAReaderAndAfterAKill(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	path := s.sqlite.log.path
	l := dialledLine(t, s)
	l.interview()
	l.hangUp()
	reader, err := s.sqlite.read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Rollback() }()
	var n int
	if err := reader.QueryRow(`SELECT COUNT(*) FROM calls`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := time.AfterFunc(100*time.Millisecond, cancel)
	defer cancelled.Stop()
	if _, err := s.ErasePersonalData(ctx, ErasureRequest{CallID: l.id, RequestedBy: "x"}); err != nil {
		t.Fatal(err)
	}
	if found := inFiles(t, path); len(found) == 0 {
		t.Fatal("a reader holds nothing: the test proves nothing")
	}
	// What a killed process leaves behind.
	left := filepath.Join(t.TempDir(), "left.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(inFiles(t, left)) == 0 {
		t.Fatal("nothing was left behind")
	}
	next, err := Open(t.Context(), "sqlite:"+left, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if found := inFiles(t, left); len(found) != 0 {
		t.Errorf("after the start it is still in %v", found)
	}

	s.mustExec(t, `UPDATE campaigns SET name = 'others go on'`)
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	awaitClean(t, path)
}

func TestDatabaseFilesAreReadableByTheirOwnerAlone(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	for name, before := range map[string]os.FileMode{"new": 0, "too open": 0o666} {
		t.Run(name, func(t *testing.T) {
			path := testdb.SQLite(t)
			if before != 0 {
				if err := os.WriteFile(path, nil, before); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, "sqlite:"+path, Options{})
			if err := s.MigrateUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			seed(t, s, 1)
			for _, suffix := range []string{"", "-wal", "-shm"} {
				info, err := os.Stat(path + suffix)
				if err != nil {
					t.Fatal(err)
				}
				if mode := info.Mode().Perm(); mode != 0o600 {
					t.Errorf("%s is %o", filepath.Base(info.Name()), mode)
				}
			}
			if loose := s.LooseFiles(); len(loose) != 0 {
				t.Errorf("loose: %v", loose)
			}
		})
	}
}
