package console_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPagesSayHowOftenEachCallerIDIsAnswered(t *testing.T) {
	o := open(t, tokensOf(t))
	campaign, calls := o.called("oats", numbers(30)...)
	other, _ := o.called("milk", "+15551234567")
	for n, id := range calls {
		seconds, status := "60", "COMPLETED"
		switch {
		case n < 4:
			seconds = "9"
		case n >= 24:
			status = "NO_ANSWER"
		}
		for _, statement := range []string{
			`UPDATE calls SET status = '` + status + `', duration = ` + seconds + `, stir_status = 'A', twilio_sid = 'CA` + strconv.Itoa(n) + `', completed_at = created_at WHERE id = '` + id + `'`,
			`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline) SELECT id, 'r', '+12125550100', 'AC', created_at, created_at FROM calls WHERE id = '` + id + `'`,
		} {
			if _, err := o.store.SQLite().ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	o.signIn(adminToken)
	for _, page := range []string{"/console/campaigns/" + campaign, "/console/health"} {
		body := o.get(page)
		for _, want := range []string{`<th scope="row">+12125550100</th><td class="number">30</td><td class="number">80.0 % (24)</td><td class="number">16.7 % (4)<span class="badge unsure">many</span></td><td class="number">0.0 % (0)</td><td>A 30</td>`, "less than 10 seconds"} {
			if !strings.Contains(strings.ReplaceAll(body, " <span", "<span"), want) {
				t.Errorf("%s: no %q:\n%s", page, want, body)
			}
		}
	}
	if body := o.get("/console/campaigns/" + other); strings.Contains(body, "+12125550100") || !strings.Contains(body, "No call has ended in the last 30 days, as counted at ") {
		t.Errorf("another campaign:\n%s", body)
	}
	// Counting takes the database a while: a process does it at most once a minute, and says when.
	if _, err := o.store.SQLite().ExecContext(t.Context(), `DELETE FROM dial_intents WHERE call_id = '`+calls[0]+`'`); err != nil {
		t.Fatal(err)
	}
	counted := "counted at <time datetime=\"" + o.clock.now().UTC().Format(time.RFC3339Nano) + "\""
	for _, page := range []string{"/console/campaigns/" + campaign, "/console/health"} {
		if body := o.get(page); !strings.Contains(body, `<td class="number">30</td>`) || !strings.Contains(body, "of the newest 10,000 that were dialled; "+counted) {
			t.Errorf("%s counts again, or does not say when it did:\n%s", page, body)
		}
	}
	o.clock.set(o.clock.now().Add(time.Minute))
	for _, page := range []string{"/console/campaigns/" + campaign, "/console/health"} {
		if body := o.get(page); !strings.Contains(body, `<td class="number">29</td>`) {
			t.Errorf("%s does not count again after a minute:\n%s", page, body)
		}
	}
	o.signIn(viewerToken)
	for _, page := range []string{"/console/campaigns/" + campaign, "/console/health"} {
		if body := o.get(page); strings.Contains(body, "2125550100") || !strings.Contains(body, "+1******0100") {
			t.Errorf("%s shows a viewer the number, or no row:\n%s", page, body)
		}
	}
}
