package stats_test

import (
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/stats"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// "How many calls failed today, and why?" is answered on one screen, by the same statements on both databases.
func TestStatsSayHowManyCallsFailedTodayAndWhy(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
		s, err := store.Open(t.Context(), url, store.Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		const today, yesterday = `'2026-11-26 09:00:00+00:00'`, `'2026-11-24 09:00:00+00:00'`
		storetest.Exec(t, s, `INSERT INTO campaigns (id, name, category, prompt_template, status, created_at, updated_at)
			VALUES ('c1', 'Shelves', '', '', 'ACTIVE', `+today+`, `+today+`)`)
		call := func(id, status, answeredBy, consent, code, started, ended string) {
			storetest.Exec(t, s, `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts, error_code,
				error_message, transcript, created_at, updated_at, answered_by, started_at, completed_at) VALUES ('`+id+`', 'c1', '', '', 'AC', '`+
				status+`', 0, '`+consent+`', 1, `+code+`, '', '', `+yesterday+`, `+today+`, '`+answeredBy+`', `+started+`, `+ended+`)`)
		}
		const old = "01KAQ00000000000000000000"
		call(old+"1", "COMPLETED", "human", "given", "0", today, today)
		call(old+"2", "COMPLETED", "human", "refused", "0", today, today)
		call(old+"3", "COMPLETED", "", "", "0", today, today)
		call(old+"4", "COMPLETED", "machine_start", "refused", "0", today, today)
		call(old+"5", "FAILED", "", "", "21211", "NULL", today)
		call(old+"6", "FAILED", "", "", "21211", "NULL", today)
		call(old+"7", "FAILED", "", "", "99999", "NULL", today)
		call(old+"8", "BUSY", "", "", "0", "NULL", yesterday)
		call(old+"9", "IN_PROGRESS", "", "", "0", today, "NULL")
		storetest.Exec(t, s, `INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, created_at, finished_at)
			VALUES ('r1', 'transcribe-recording', 'k', 'failed', '{"callId":"`+old+`1"}', 'api', 4, 'permanent: model: 401', `+yesterday+`, `+today+`)`)

		report, err := stats.Collect(t.Context(), s, store.StatsFilter{Since: now.Add(-24 * time.Hour), CampaignID: "c1", Deadlines: interview.DefaultDeadlines()})
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := report.Write(&text); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"calls       0 created, 7 ended: 4 COMPLETED, 3 FAILED\n",
			"            2 FAILED with error 21211: the number is not valid\n",
			"            1 FAILED with error 99999: see twilio.com/docs/api/errors/99999\n",
			"live now    1 IN_PROGRESS\n",
			"consent     3 asked: 1 yes (33.3 %), 1 no, 1 undecided; 1 of 4 answered calls were machines (25.0 %)\n",
			"webhooks    0 events", "dead        1 transcribe-recording: permanent: model: 401\n", "overdue now 1 run:transcribe-recording\n",
		} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in:\n%s", want, text.String())
			}
		}
		if lines := strings.Count(text.String(), "\n"); lines > 24 {
			t.Errorf("%d lines are more than a screen", lines)
		}
	})
}
