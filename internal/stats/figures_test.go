package stats_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/stats"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// known writes rows of which every figure can be counted by hand.
type known struct {
	t *testing.T
	s *store.Store
	n byte
}

func (k *known) exec(statement string, values ...string) {
	k.t.Helper()
	for n, v := range values {
		if v != "NULL" && v != "TRUE" && v != "FALSE" {
			values[n] = "'" + v + "'"
		}
	}
	if len(values) > 0 {
		statement += " VALUES (" + strings.Join(values, ", ") + ")"
	}
	storetest.Exec(k.t, k.s, statement)
}

// at is a time as both databases read it, from "26 09:00" of November 2026; "" is NULL.
func at(moment string) string {
	if moment == "" {
		return "NULL"
	}
	return "2026-11-" + moment + ":00+00:00"
}

// id is one that begins with the time of its row.
func (k *known) id(moment string) string {
	made, err := time.Parse("2006-01-02 15:04:05-07:00", at(moment))
	if err != nil {
		k.t.Fatal(err)
	}
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(made)); err != nil {
		k.t.Fatal(err)
	}
	k.n++
	if err := id.SetEntropy([]byte{9: k.n}); err != nil {
		k.t.Fatal(err)
	}
	return id.String()
}

func (k *known) campaign(id, simulated string) {
	k.exec(`INSERT INTO campaigns (id, name, category, prompt_template, status, created_at, updated_at, simulated)`, id, "Shelves", "", "", "ACTIVE", at("01 00:00"), at("01 00:00"), simulated)
	k.exec(`INSERT INTO hypotheses (id, campaign_id, position, question, status, conclusion, created_at)`, "h-"+id, id, "1", "", "PENDING", "", at("01 00:00"))
}

// call is a row of calls; what it does not say is as of a call of the campaign c1 that Twilio placed and nobody answered.
type call struct {
	campaign, direction, status, by, consent, means, code, made, answered, ended, from, seconds, stir, optedOut, sid string
}

func (k *known) call(c call) string {
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	c.campaign = or(c.campaign, "c1")
	id := k.id(c.made)
	k.exec(`INSERT INTO calls (id, campaign_id, phone_number, twilio_sid, account_sid, status, sequence, consent, consent_by, consent_attempts, error_code, error_message, transcript,
		created_at, updated_at, answered_by, started_at, completed_at, direction, duration, stir_status, opted_out_at, simulated)`,
		id, c.campaign, "", strings.TrimPrefix(or(c.sid, "CA"+id), "none"), "AC", c.status, "0", c.consent, c.means, "1", or(c.code, "0"), "", "", at(c.made), at(c.made), c.by, at(c.answered), at(c.ended),
		or(c.direction, "outbound"), or(c.seconds, "NULL"), c.stir, at(c.optedOut), map[bool]string{true: "TRUE", false: "FALSE"}[c.campaign == "simulated"])
	if c.direction == "" {
		k.exec(`INSERT INTO dial_intents (call_id, run_id, from_number, account_sid, begun_at, deadline)`, id, "r", or(c.from, "+12125550100"), "AC", at(c.made), at(c.made))
	}
	return id
}

func (k *known) webhook(campaign, kind, outcome, made, received string, duplicates int) {
	id := k.id(made)
	k.exec(`INSERT INTO webhook_events (id, event_id, kind, outcome, source, call_id, call_sid, account_sid, target, content_type, body_hash, idempotency_token, reply_status,
		reply_type, error, attempt, duplicates, received_at, campaign_id)`, id, "e"+id, kind, outcome, "webhook", "", "", "AC", "/", "f", "", "", "200", "t", "", "0", fmt.Sprint(duplicates), at(received), campaign)
}

func (k *known) run(function, key, state, args, attempts, lastError, made, due, ended string) {
	k.exec(`INSERT INTO function_runs (id, function, key, state, args, cause, attempts, last_error, created_at, not_before, finished_at)`, k.id(made), function, key, state, args, "api",
		attempts, lastError, at(made), at(due), at(ended))
}

// fill makes what happened from noon of the 25th to 11 o'clock of the 26th, and something before and after each of it.
func (k *known) fill() {
	k.campaign("c1", "FALSE")
	k.campaign("c2", "FALSE")
	k.campaign("simulated", "TRUE")
	yes := k.call(call{status: "COMPLETED", by: "human", consent: "given", means: "keypad", made: "25 11:59", answered: "25 12:01", ended: "25 12:05", seconds: "240", stir: "A"})
	k.call(call{status: "COMPLETED", by: "human", consent: "refused", means: "speech", made: "25 12:00", answered: "25 12:01", ended: "25 12:02", seconds: "9", stir: "A"})
	k.call(call{status: "COMPLETED", by: "human", made: "25 13:00", answered: "25 13:01", ended: "25 13:02", seconds: "10", stir: "B"})
	k.call(call{status: "COMPLETED", by: "machine_start", consent: "refused", means: "detector", made: "25 13:00", answered: "25 13:01", ended: "25 13:02", seconds: "4"})
	k.call(call{status: "COMPLETED", by: "machine_start", consent: "given", means: "keypad", made: "25 13:00", answered: "25 13:01", ended: "25 13:03", seconds: "80"})
	k.call(call{status: "COMPLETED", by: "human", consent: "refused", means: "request", made: "25 13:00", answered: "25 13:01", ended: "25 13:03", seconds: "80"})
	k.call(call{status: "BUSY", made: "25 14:00", ended: "25 14:01", from: "+442079460018"})
	k.call(call{status: "NO_ANSWER", made: "25 14:00", ended: "26 10:59", from: "+442079460018"})
	for range 2 {
		k.call(call{status: "FAILED", code: "21211", made: "25 15:00", ended: "25 15:00", sid: "none"})
	}
	k.call(call{status: "FAILED", code: "32009", made: "25 15:00", ended: "25 15:01"})
	k.call(call{status: "CANCELED", made: "25 15:00", ended: "25 15:01", sid: "none"})
	k.call(call{status: "BUSY", made: "25 11:00", ended: "25 11:59"}) // before
	k.call(call{status: "BUSY", made: "26 11:00", ended: "26 11:00"}) // after
	k.call(call{status: "RINGING", made: "26 10:00"})
	k.call(call{status: "QUEUED", made: "26 11:30", sid: "none"})
	k.call(call{campaign: "c2", status: "COMPLETED", by: "human", consent: "given", means: "speech", made: "25 16:00", answered: "25 16:01", ended: "25 16:09", seconds: "500"})
	k.call(call{campaign: "simulated", status: "COMPLETED", by: "human", consent: "given", means: "speech", made: "25 16:00", answered: "25 16:01", ended: "25 16:09", from: "+15550001111"})
	theirs := k.call(call{direction: "inbound", status: "COMPLETED", consent: "given", means: "keypad", made: "25 17:00", answered: "25 17:00", ended: "25 17:05", seconds: "300"})
	k.call(call{direction: "inbound", status: "COMPLETED", made: "25 17:00", answered: "25 17:00", ended: "25 17:01", seconds: "20", optedOut: "25 17:01"})
	k.call(call{direction: "inbound", status: "IN_PROGRESS", made: "26 11:40", answered: "26 11:40"})

	for range 2 {
		k.webhook("c1", "voice", "accepted", "25 12:00", "25 12:00", 1)
	}
	k.webhook("c1", "status", "accepted", "25 12:00", "25 12:00", 3)
	k.webhook("c2", "status", "accepted", "26 10:59", "26 10:59", 0)
	k.webhook("c1", "status", "conflict", "25 13:00", "25 13:00", 0)
	k.webhook("c1", "recording", "failed", "25 13:00", "25 13:00", 0)
	k.webhook("c1", "recording", "failed", "24 13:00", "25 14:00", 0) // it failed before, and again in the time
	k.webhook("", "voice", "refused", "25 13:00", "25 13:00", 0)      // of no call
	k.webhook("c1", "voice", "accepted", "25 11:59", "25 11:59", 9)   // before
	k.webhook("c1", "voice", "accepted", "26 11:00", "26 11:00", 9)   // after
	k.webhook("simulated", "voice", "accepted", "25 13:00", "25 13:00", 9)

	k.run("transcribe-recording", "RE1", "done", `{"callId":"`+yes+`"}`, "3", "", "25 12:06", "", "25 12:10")
	k.run("transcribe-recording", "RE2", "failed", `{"callId":"`+yes+`"}`, "4", "permanent: model: 401 ", "25 12:06", "", "25 12:20")
	k.run("extract-claims", "RE1", "failed", `{"callId":"`+yes+`"}`, "2", "transient: model: 503", "24 12:06", "", "25 12:20") // made before
	k.run("extract-claims", "RE9", "failed", `{"callId":"`+yes+`"}`, "2", "transient: model: 503", "25 12:06", "", "26 11:30") // failed after
	k.run("validate-claim", "h-c2:1", "waiting", `{"hypothesisId":"h-c2"}`, "0", "", "26 10:00", "", "")
	k.run("validate-claim", "h-c1:2", "waiting", `{"hypothesisId":"h-c1"}`, "1", "", "26 10:00", "26 11:58", "")
	k.run("validate-claim", "h-c1:3", "waiting", `{"hypothesisId":"h-c1"}`, "1", "", "26 10:00", "26 12:30", "") // not due
	k.run("validate-claim", "h-simulated:1", "waiting", `{"hypothesisId":"h-simulated"}`, "0", "", "25 13:00", "", "")

	for n, r := range []struct{ of, status, made string }{{yes, "completed", "25 12:05"}, {theirs, "completed", "25 17:05"}, {yes, "absent", "25 12:05"}, {yes, "completed", "25 11:59"}} {
		k.exec(`INSERT INTO recordings (sid, call_id, status, status_rank, url, duration, channels, created_at, updated_at)`, fmt.Sprint("RE", n), r.of, r.status, "1", "", "60", "2", at(r.made), at(r.made))
	}
	for _, c := range []struct{ rejected, made string }{{"", "25 12:07"}, {"quote", "25 12:07"}, {"", "25 17:06"}, {"", "26 11:00"}} {
		k.exec(`INSERT INTO claims (id, call_id, recording_sid, hypothesis_id, field, value_text, unit, sku_id, geo_code, text, raw_text, start_sec, end_sec, confidence, low_confidence, validated,
			contradicting, rejected, created_at)`, k.id(c.made), yes, "RE0", "h-c1", "", "", "", "", "", "", "", "0", "1", "1", "FALSE", "FALSE", "FALSE", c.rejected, at(c.made))
	}
	for n, v := range []struct{ of, status, made string }{{"h-c1", "VALIDATED", "25 12:30"}, {"h-c1", "REFUTED", "25 12:40"}, {"h-c2", "VALIDATED", "25 12:30"}, {"h-c1", "VALIDATED", "25 11:30"}, {"h-simulated", "VALIDATED", "25 12:30"}} {
		k.exec(`INSERT INTO verdicts (id, hypothesis_id, revision, status, conclusion, consistency, confidence, claims, calls, reasons, model, created_at)`, k.id(v.made), v.of, fmt.Sprint(n), v.status, "", "1", "1", "1", "1", "", "", at(v.made))
	}
	k.exec(`INSERT INTO dialing_pauses (account_sid, since, http_status, error_code, probes, probe_refused, next_probe_at, trial, trial_run)`, "AC", at("26 08:00"), "401", "20003", "1", "1", at("26 12:05"), "0", "")
}

// Every figure of the report is proven by rows that are known, on both databases, for a time, for a campaign in it, and for all there is.
func TestEachFigureOfTheStatsIsTheOneOfKnownRows(t *testing.T) {
	since, until := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 26, 11, 0, 0, 0, time.UTC)
	const campaign = `{
		"calls": {"created":12,"ended":12,"byEnd":{"BUSY":1,"CANCELED":1,"COMPLETED":6,"FAILED":3,"NO_ANSWER":1},
			"byError":[{"code":21211,"meaning":"the number is not valid","status":"FAILED","calls":2},{"code":32009,"meaning":"","status":"FAILED","calls":1}],
			"live":{"QUEUED":1,"RINGING":1},"consent":{"asked":4,"yes":2,"no":1,"undecided":1,"rate":0.5},"answered":6,"machines":1,"machineRate":0.16666666666666666},
		"inboundCalls": {"created":2,"ended":2,"byEnd":{"COMPLETED":2},"live":{"IN_PROGRESS":1},"interviews":1,"optedOut":1},
		"callerIds": [
			{"phoneNumber":"+12125550100","calls":7,"answered":6,"answerRate":0.8571428571428571,"short":2,"shortRate":0.3333333333333333,"shortSeconds":10,"machines":1,"machineRate":0.16666666666666666,"attested":{"A":2,"B":1}},
			{"phoneNumber":"+442079460018","calls":2,"answered":0,"answerRate":0,"short":0,"shortRate":null,"shortSeconds":10,"machines":0,"machineRate":null,"attested":{}}],
		"webhooks": {"byKind":{"recording":{"failed":2},"status":{"accepted":1,"conflict":1,"duplicate":3},"voice":{"accepted":2,"duplicate":2}},
			"total":6,"accepted":3,"duplicates":5,"conflicts":1,"failed":2,"refused":0},
		"runs": {"byFunction":{"extract-claims":{"failed":1},"transcribe-recording":{"done":1,"failed":1},"validate-claim":{"waiting":2}},
			"retries":{"extract-claims":1,"transcribe-recording":5},
			"dead":[{"function":"extract-claims","error":"transient: model: 503","runs":1},{"function":"transcribe-recording","error":"permanent: model: 401","runs":1}]},
		"backlog": {"runs":1,"ageSeconds":120},
		"recordings": {"absent":1,"completed":2}, "claims": {"total":3,"rejected":1}, "verdicts": {"REFUTED":1,"VALIDATED":1}}`
	// All campaigns have beside it a call, a webhook, a run and a verdict of another campaign, and a webhook of none.
	all := strings.NewReplacer(
		`{"created":12,"ended":12`, `{"created":13,"ended":13`, `"COMPLETED":6,"FAILED"`, `"COMPLETED":7,"FAILED"`,
		`{"asked":4,"yes":2,"no":1,"undecided":1,"rate":0.5},"answered":6,"machines":1,"machineRate":0.16666666666666666}`, `{"asked":5,"yes":3,"no":1,"undecided":1,"rate":0.6},"answered":7,"machines":1,"machineRate":0.14285714285714285}`,
		`"calls":7,"answered":6,"answerRate":0.8571428571428571,"short":2,"shortRate":0.3333333333333333,"shortSeconds":10,"machines":1,"machineRate":0.16666666666666666`,
		`"calls":8,"answered":7,"answerRate":0.875,"short":2,"shortRate":0.2857142857142857,"shortSeconds":10,"machines":1,"machineRate":0.14285714285714285`,
		`"status":{"accepted":1`, `"status":{"accepted":2`, `"voice":{"accepted":2,"duplicate":2}`, `"voice":{"accepted":2,"duplicate":2,"refused":1}`,
		`"total":6,"accepted":3`, `"total":8,"accepted":4`, `"refused":0`, `"refused":1`,
		`"validate-claim":{"waiting":2}`, `"validate-claim":{"waiting":3}`, `{"runs":1,"ageSeconds":120}`, `{"runs":2,"ageSeconds":7200}`,
		`"VALIDATED":1}`, `"VALIDATED":2}`,
	).Replace(campaign)
	storetest.EachAtOnce(t, func(t *testing.T, url string) {
		now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
		s, err := store.Open(t.Context(), url, store.Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		k := &known{t: t, s: s}
		k.fill()
		for name, tc := range map[string]struct {
			by   store.StatsFilter
			want string
		}{
			"a campaign": {store.StatsFilter{Since: since, Until: until, CampaignID: "c1"}, campaign},
			"all":        {store.StatsFilter{Since: since, Until: until}, all},
			"none": {store.StatsFilter{CampaignID: "none"}, `{"calls":{"created":0,"ended":0,"byEnd":{},"byError":[],"live":{},"consent":{"asked":0,"yes":0,"no":0,"undecided":0,"rate":null},"answered":0,"machines":0,"machineRate":null},
				"inboundCalls":{"created":0,"ended":0,"byEnd":{},"live":{},"interviews":0,"optedOut":0},"callerIds":[],"webhooks":{"byKind":{},"total":0,"accepted":0,"duplicates":0,"conflicts":0,"failed":0,"refused":0},
				"runs":{"byFunction":{},"retries":{},"dead":[]},"backlog":{"runs":0,"ageSeconds":0},"recordings":{},"claims":{"total":0,"rejected":0},"verdicts":{}}`},
		} {
			tc.by.Deadlines = interview.DefaultDeadlines()
			report, err := stats.Collect(t.Context(), s, tc.by)
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			encoded, err := json.Marshal(report)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(encoded, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			for part, figures := range want {
				if g, w := canonical(t, got[part]), canonical(t, figures); g != w {
					t.Errorf("%s, %s:\n%s, want\n%s", name, part, g, w)
				}
			}
			if pauses := report.DialingPaused; len(pauses) != 1 || pauses[0].Account != "AC" || pauses[0].Code != 20003 || pauses[0].Meaning == "" || !pauses[0].Since.Equal(now.Add(-4*time.Hour)) {
				t.Errorf("%s: paused %+v", name, pauses)
			}
			if report.Overdue["run:transcribe-recording"] != 1 || report.Overdue["run:extract-claims"] != 2 {
				t.Errorf("%s: overdue %v", name, report.Overdue)
			}
		}
		// Without bounds it is what was before and after, too.
		report, err := stats.Collect(t.Context(), s, store.StatsFilter{CampaignID: "c1", Deadlines: interview.DefaultDeadlines()})
		if err != nil || report.Calls.Created != 16 || report.Calls.Ended != 14 || report.Calls.ByEnd["BUSY"] != 3 || report.Webhooks.Accepted != 5 || report.Webhooks.Duplicates != 23 ||
			report.Webhooks.Failed != 2 || len(report.Runs.Dead) != 2 || report.Runs.Dead[0].Runs != 2 || report.Claims.Total != 4 || report.Recordings["completed"] != 3 || report.Verdicts["VALIDATED"] != 2 || report.InboundCalls.Created != 3 {
			t.Errorf("%+v, %v", report, err)
		}
		var text strings.Builder
		if err := report.Write(&text); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"called us   3 created, 2 ended: 2 COMPLETED; 1 interviews, 1 opted out; live now: 1 IN_PROGRESS\n",
			"caller ids  +12125550100: 9 calls, 6 answered (66.7 %); of those 2 shorter than 10 s (33.3 %), 1 machines (16.7 %); attested: 2 A, 1 B\n",
			"            +442079460018: 2 calls, 0 answered (0.0 %); of those 0 shorter than 10 s (no rate), 0 machines (no rate); attested: none\n",
		} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in:\n%s", want, text.String())
			}
		}
	})
}

func canonical(t *testing.T, v any) string {
	t.Helper()
	encoded, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
