package stats_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/stats"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

func TestDispositionsOfACampaignArePrintedWithTheirRates(t *testing.T) {
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		const at = `'2026-11-26 09:00:00+00:00'`
		storetest.Exec(t, s, `INSERT INTO campaigns (id, name, category, prompt_template, status, answer_mode, created_at, updated_at)
			VALUES ('c1', 'Shelves', '', '- One?', 'ACTIVE', 'gather', `+at+`, `+at+`)`)
		contact := func(id, state, status, consent, answers string) {
			storetest.Exec(t, s, `INSERT INTO contacts (id, campaign_id, phone_number, external_id, time_zone, language, variables, consent_basis, state, reason, attempts,
				call_id, caller_id, simulated, created_at, updated_at) VALUES ('`+id+`', 'c1', '', '', '', '', '', '', '`+state+`', '', 1, '', '', FALSE, `+at+`, `+at+`)`)
			storetest.Exec(t, s, `INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_attempts, error_code,
				error_message, transcript, created_at, updated_at, contact_id, answers, dialed_at) VALUES ('`+id+`', 'c1', '', 'CA`+id+`', 'AC', '`+
				status+`', 0, '`+consent+`', 1, 0, '', '', `+at+`, `+at+`, '`+id+`', `+answers+`, `+at+`)`)
		}
		contact("1", "REACHED", "COMPLETED", "given", "1")
		contact("2", "REACHED", "COMPLETED", "refused", "0")
		contact("3", "EXHAUSTED", "NO_ANSWER", "", "0")
		contact("4", "WAITING", "BUSY", "", "0")

		d, err := stats.CollectDispositions(t.Context(), s, "c1")
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if err := d.Write(&text); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"contacts    4 of the campaign, of all times: 3 final, 1 open: 1 WAITING\n", "            1  2.11 refusal (R)\n", "RR1 33.3 %", "COOP3 50.0 %", "REF1 33.3 %"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in:\n%s", want, text.String())
			}
		}
		encoded, err := json.Marshal(d)
		if err != nil || !strings.Contains(string(encoded), `"counts":{"1.1":1,"2.11":1,"3.13":1}`) {
			t.Errorf("%s, %v", encoded, err)
		}
		if _, err := stats.CollectDispositions(t.Context(), s, "c2"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of no campaign: %v", err)
		}
	})
}
