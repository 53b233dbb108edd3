package inboxsql_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/inbox/inboxsql"
	"github.com/i-agent/iagent/inbox/inboxtest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/internal/testinbox"
)

func TestProcessorWithoutItsPartsIsAnError(t *testing.T) {
	handle := func(context.Context, *sql.Tx, *inbox.Event) (inbox.Reply, error) { return inbox.Reply{}, nil }
	db := new(sql.DB)
	for name, err := range map[string]error{
		"database": second(inboxsql.New(nil, inboxsql.SQLite, handle)),
		"dialect":  second(inboxsql.New(db, "mysql", handle)),
		"function": second(inboxsql.New(db, inboxsql.SQLite, nil)),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("New without %s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// onBoth runs a test on both databases, with a handler that does what its event's token says.
func onBoth(t *testing.T, run func(t *testing.T, h *harness)) {
	handle := func(e *inbox.Event) (inbox.Reply, error) {
		if e.IdempotencyToken != "" {
			return inbox.Reply{}, errors.New(e.IdempotencyToken)
		}
		return inbox.Reply{ContentType: "text/xml", Body: []byte("<Response/>")}, nil
	}
	t.Run("SQLite", func(t *testing.T) {
		run(t, newHarness(t, inboxsql.SQLite, sqliteConnector(t, testdb.SQLite(t), ""), handle))
	})
	t.Run("Postgres", func(t *testing.T) {
		run(t, newHarness(t, inboxsql.Postgres, postgresConnector(t, testdb.Postgres(t)), handle))
	})
}

func sample(id, token string, received time.Time) *inbox.Event {
	e := testinbox.Event(id, "a=b")
	e.IdempotencyToken, e.ReceivedAt = token, received
	return e
}

func (h *harness) must(t *testing.T, want inbox.Outcome, e *inbox.Event) inbox.Reply {
	t.Helper()
	return testinbox.Must(t, h, want, e)
}

// The answer to COMMIT is lost: we know of no answer to give, and must not keep a failure that did not happen.
func TestLostAnswerToCommitLeavesNoFailedEvent(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		now := time.Now()
		lost := 0
		for at := 1; ; at++ {
			id := "CA1:" + strings.Repeat("x", at)
			h.Faults().Arm(inboxtest.Fault{At: at, Applied: true})
			_, err := h.Process(t.Context(), sample(id, "", now))
			triggered := h.Faults().Triggered()
			h.Faults().Reset()
			effects, _ := h.Effects(t.Context(), id)
			if err != nil && effects == 1 {
				lost++
				all, err := h.Events(t.Context(), id)
				if err != nil || len(all) != 1 || all[0].Outcome != inbox.Accepted {
					t.Errorf("records of a committed event: %+v, %v", all, err)
				}
			}
			if !triggered {
				break
			}
		}
		if lost != 1 {
			t.Errorf("%d commits were lost; want 1", lost)
		}
	})
}

// A program that kept ids of its own before it had an inbox must not handle those events again.
func TestIDOfAnOlderProgramIsADuplicate(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		if _, err := h.DB.Exec(`INSERT INTO webhook_dedup ("id") VALUES ($1)`, "CA1:voice"); err != nil {
			t.Fatal(err)
		}
		if err := h.processor.Migrate(t.Context()); err != nil {
			t.Fatalf("a second migration: %v", err)
		}
		reply := h.must(t, inbox.Duplicate, sample("CA1:voice", "", time.Now()))
		if reply.Status != 0 || reply.ContentType != "" || len(reply.Body) != 0 {
			t.Errorf("answer %+v to an event whose answer nobody kept", reply)
		}
		if n, err := h.Effects(t.Context(), "CA1:voice"); n != 0 || err != nil {
			t.Errorf("%d effects, %v", n, err)
		}
	})
}

// The parameters of a GET are in its target.
func TestPruneRemovesWhatAGetHasSent(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		get := func() *inbox.Event {
			e := sample("SM1:message", "", day)
			e.ContentType, e.Body, e.Target = "", nil, "/message?Body=secret"
			return e
		}
		first := h.must(t, inbox.Accepted, get())
		if err := h.processor.Prune(t.Context(), day.AddDate(0, 0, 1), day.AddDate(0, 0, -1)); err != nil {
			t.Fatal(err)
		}
		var left int
		err := h.DB.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM inbox_events WHERE event_id = 'SM1:message' AND target = ''`).Scan(&left)
		if err != nil || left != 1 {
			t.Errorf("%d events without their target, %v", left, err)
		}
		if again := h.must(t, inbox.Duplicate, get()); string(again.Body) != string(first.Body) {
			t.Errorf("answer %q of a pruned event", again.Body)
		}
	})
}

func TestPrunedPayloadStillHasItsAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		if _, err := h.Process(t.Context(), sample("CA1:failed", "no", day)); err == nil {
			t.Fatal("a failure was answered")
		}
		old := h.must(t, inbox.Accepted, sample("CA1:old", "", day))
		h.must(t, inbox.Accepted, sample("CA1:older", "", day.AddDate(0, 0, -30)))
		h.must(t, inbox.Accepted, sample("CA1:new", "", day.AddDate(0, 0, 7)))
		if err := h.processor.Prune(t.Context(), day, day.AddDate(0, 0, 1)); err == nil {
			t.Error("ids were pruned before their payloads")
		}
		yesterday := time.Now().AddDate(0, 0, -1)
		if err := h.processor.Prune(t.Context(), yesterday, yesterday); err == nil || !strings.Contains(err.Error(), "168h") {
			t.Errorf("pruning ids that Twilio may repeat: %v", err)
		}
		if err := h.processor.Prune(t.Context(), day.AddDate(0, 0, 1), day.AddDate(0, 0, -1)); err != nil {
			t.Fatal(err)
		}
		if again := h.must(t, inbox.Duplicate, sample("CA1:old", "", day)); string(again.Body) != string(old.Body) {
			t.Errorf("answer %q of a pruned payload", again.Body)
		}
		for id, want := range map[string]string{"CA1:failed": "", "CA1:old": "[]", "CA1:older": "", "CA1:new": "[a=b]"} {
			all, err := h.Events(t.Context(), id)
			got := ""
			for _, r := range all {
				got += "[" + string(r.Body) + "]"
			}
			if err != nil || got != want {
				t.Errorf("bodies of %s: %q, %v; want %q", id, got, err, want)
			}
		}
		h.must(t, inbox.Accepted, sample("CA1:older", "", day)) // as new: its id is forgotten
	})
}

func TestSecretsAndNumbersStayOutOfTheRecordedError(t *testing.T) {
	onBoth(t, func(t *testing.T, h *harness) {
		_, err := h.Process(t.Context(), sample("CA1:voice", "dialling +15551234567 through https://user:swordfish@host/x", time.Now()))
		all, err2 := h.Events(t.Context(), "CA1:voice")
		if err == nil || err2 != nil || len(all) != 1 {
			t.Fatalf("%v, %+v, %v", err, all, err2)
		}
		if got := all[0].Error; strings.Contains(got, "swordfish") || strings.Contains(got, "5551234567") || !strings.Contains(got, "dialling +…67 through https://…@host/x") {
			t.Errorf("recorded %q", got)
		}
	})
}

func TestProgramsThatStartTogetherAllCreateTheTables(t *testing.T) {
	url := testdb.Postgres(t)
	var starts sync.WaitGroup
	for range 8 {
		starts.Go(func() {
			db := sql.OpenDB(postgresConnector(t, url))
			defer db.Close()
			p, err := inboxsql.New(db, inboxsql.Postgres, func(context.Context, *sql.Tx, *inbox.Event) (inbox.Reply, error) {
				return inbox.Reply{}, nil
			})
			if err == nil {
				err = p.Migrate(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
}

func TestIDThatNoDatabaseKeepsIsRefused(t *testing.T) {
	h := newHarness(t, inboxsql.SQLite, sqliteConnector(t, testdb.SQLite(t), ""), nil)
	for _, id := range []string{"", "a\x00b", "\xff", strings.Repeat("x", 513)} {
		var refusal *inbox.Refusal
		if _, err := h.Process(t.Context(), sample(id, "", time.Now())); !errors.As(err, &refusal) || refusal.Status != 400 {
			t.Errorf("id %q: %v; want a refusal", id, err)
		}
	}
}

// SQLite has one writer. A delivery that cannot get its turn in time is sent again, not lost and not answered.
func TestDeliveryThatCannotWriteInTimeIsNotADuplicate(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	h := newHarness(t, inboxsql.SQLite, sqliteConnector(t, testdb.SQLite(t), ""), func(e *inbox.Event) (inbox.Reply, error) {
		if e.ID == "CA1:slow" {
			entered <- true
			<-release
		}
		return inbox.Reply{}, nil
	})
	done := make(chan error)
	go func() {
		_, err := h.Process(t.Context(), sample("CA1:slow", "", time.Now()))
		done <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for _, p := range []inbox.Processor{h, h.Peer()} {
		if result, err := p.Process(ctx, sample("CA1:other", "", time.Now())); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q, %v; want the deadline's error", result.Outcome, err)
		}
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	h.must(t, inbox.Accepted, sample("CA1:other", "", time.Now()))
}
