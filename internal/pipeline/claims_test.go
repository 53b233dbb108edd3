package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

const verdict = `{"verdict":"VALIDATED","conclusion":"It is dear.","reasons":["All say so."]}`

// A model that answers badly crashes nothing, invents nothing, and every rejection has its reason.
func TestBadAnswersOfTheModelBecomeNoEvidence(t *testing.T) {
	type want struct {
		good, rejected int
		state          string
		asked          int
		kept           int
	}
	one := func(s string) []string { return []string{s} }
	cases := map[string]struct {
		answers func(d *judged) []string
		want    want
	}{
		"good":            {func(d *judged) []string { return one(claims(d.claim(""))) }, want{1, 0, "done", 1, 0}},
		"fenced":          {func(d *judged) []string { return one("Sure!\n```json\n" + claims(d.claim("")) + "\n```\n") }, want{1, 0, "done", 1, 0}},
		"a bare list":     {func(d *judged) []string { return one("[" + d.claim("") + "]") }, want{1, 0, "done", 1, 0}},
		"prose for ever":  {func(*judged) []string { return one("The caller pays five dollars.") }, want{0, 0, "failed", 2, 1}},
		"prose once":      {func(d *judged) []string { return []string{"I would say:", claims(d.claim(""))} }, want{1, 0, "done", 2, 0}},
		"trailing commas": {func(d *judged) []string { return []string{`{"claims":[` + d.claim("") + `,]}`, claims(d.claim(""))} }, want{1, 0, "done", 2, 0}},
		"null":            {func(*judged) []string { return one("null") }, want{0, 0, "failed", 2, 1}},
		"nothing":         {func(*judged) []string { return one("") }, want{0, 0, "failed", 2, 1}},
		"no list":         {func(*judged) []string { return one(`{"claims":null}`) }, want{0, 0, "failed", 2, 1}},
		"null claims":     {func(d *judged) []string { return one(claims("null", "7", `"x"`, "[]", "{}", d.claim(""))) }, want{1, 5, "done", 1, 0}},
		"null members": {func(d *judged) []string {
			return one(claims(d.claim(`"quote":null`), d.claim(`"field":null`), d.claim(`"hypothesisId":null`), d.claim(`"unit":null,"valueNumber":null,"confidence":null,"stance":null,"statement":null,"utterance":null`)))
		}, want{1, 3, "done", 1, 0}},
		"wrong types": {func(d *judged) []string {
			return one(claims(d.claim(`"quote":{"a":1}`), d.claim(`"utterance":"two","skuId":12,"confidence":"0.9","valueNumber":"$5"`)))
		}, want{1, 1, "done", 1, 0}},
		"foreign hypothesis": {func(d *judged) []string { return one(claims(d.claim(`"hypothesisId":"01FOREIGN"`), d.claim(""))) }, want{1, 1, "done", 1, 0}},
		"invented quote": {func(d *judged) []string {
			return one(claims(d.claim(`"quote":"it is far too dear for us"`), d.claim("")))
		}, want{1, 1, "done", 1, 0}},
		"invented number": {func(d *judged) []string { return one(claims(d.claim(`"valueNumber":500`))) }, want{0, 1, "done", 1, 0}},
		"our own words": {func(d *judged) []string {
			return one(claims(d.claim(`"quote":"What do you pay for a case?","valueNumber":null`)))
		}, want{0, 1, "done", 1, 0}},
		"zero": {func(d *judged) []string {
			return one(claims(d.claim(`"field":"INVENTORY_LEVEL","valueNumber":0,"unit":"CASES","quote":"We have 0 cases left"`)))
		}, want{1, 0, "done", 1, 0}},
		"huge": {func(d *judged) []string {
			return one(claims(d.claim(`"statement":"` + strings.Repeat("x", 1<<20) + `"`)))
		}, want{1, 0, "done", 1, 0}},
		"nul":           {func(d *judged) []string { return one(claims(d.claim(`"statement":"a\u0000b","skuId":"\ud800"`))) }, want{1, 0, "done", 1, 0}},
		"empty list":    {func(*judged) []string { return one(claims()) }, want{0, 0, "done", 1, 0}},
		"500":           {func(*judged) []string { return one("500") }, want{0, 0, "waiting", 1, 0}},
		"500 on repair": {func(*judged) []string { return []string{"prose", "500"} }, want{0, 0, "waiting", 2, 0}},
	}
	onTranscripts(t, len(cases), func(t *testing.T, d *judged) {
		next := 0
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			test, call := cases[name], next
			next++
			id := d.calls[call]
			revisions := d.count(`SELECT SUM(evidence_revision) FROM hypotheses`)
			d.model.say(test.answers(d)...)
			err := d.attempt(interview.ExtractClaims, d.extraction(call))
			if (err == nil) != (test.want.state == "done") {
				t.Errorf("%s: %v", name, err)
			}
			got := want{
				d.count(`SELECT COUNT(*) FROM claims WHERE rejected = '' AND call_id = $1`, id),
				d.count(`SELECT COUNT(*) FROM claims WHERE rejected <> '' AND call_id = $1`, id), "",
				int(d.model.asked.Load()), d.count(`SELECT COUNT(*) FROM run_answers WHERE error <> '' AND call_id = $1`, id),
			}
			err = d.scan(`SELECT state FROM function_runs WHERE function = 'extract-claims' AND key = $1`, []any{d.extraction(call)}, &got.state)
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("%s: %+v, want %+v", name, got, test.want)
			}
			if n := d.count(`SELECT COUNT(*) FROM claims WHERE rejected = '' AND (raw_text NOT LIKE 'We %' OR end_sec <= start_sec OR hypothesis_id IS NULL)`); n != 0 {
				t.Fatalf("%s: %d claims were invented", name, n)
			}
			if n := d.count(`SELECT SUM(evidence_revision) FROM hypotheses`) - revisions; n != min(test.want.good, 1) {
				t.Errorf("%s: the evidence was revised %d times", name, n)
			}
			if all := strings.Join(d.model.prompts, "\n"); strings.Contains(all, "555-123") || strings.Contains(all, "+1555") {
				t.Errorf("%s: a phone number was sent:\n%s", name, all)
			}
		}
	})
}

func TestVerdictThatCannotBeReadIsKept(t *testing.T) {
	onTranscripts(t, 3, func(t *testing.T, d *judged) {
		d.model.say(claims(d.claim("")))
		for i := range d.calls {
			if err := d.attempt(interview.ExtractClaims, d.extraction(i)); err != nil {
				t.Fatal(err)
			}
		}
		key := d.hypotheses[0] + ":1"
		for answer, asked := range map[string]int32{`{"verdict":"MAYBE","conclusion":"x","reasons":[]}`: 2, "no": 2, `{"verdict":"VALIDATED","conclusion":" "}`: 2, "[]": 2} {
			d.model.say(answer)
			if err := d.attempt(interview.ValidateClaim, key); !jobs.IsPermanent(err) {
				t.Errorf("%s: %v", answer, err)
			}
			if d.model.asked.Load() != asked {
				t.Errorf("%s: asked %d times", answer, d.model.asked.Load())
			}
			if n := d.count(`SELECT COUNT(*) FROM run_answers WHERE answer = $1`, answer); n != 1 {
				t.Errorf("%s: kept %d times", answer, n)
			}
			d.retry(key)
		}
		d.model.say("500")
		if err := d.attempt(interview.ValidateClaim, key); err == nil || jobs.IsPermanent(err) {
			t.Errorf("500: %v", err)
		}
		d.model.say("```\n" + verdict + "\n```")
		if err := d.attempt(interview.ValidateClaim, key); err != nil {
			t.Fatal(err)
		}
		h, err := d.store.HypothesisDetail(t.Context(), d.hypotheses[0])
		if err != nil || h.Hypothesis.Status != interview.HypothesisValidated || h.Verdicts[0].Model != "scripted" || !h.Claims[0].Validated {
			t.Errorf("%+v, %v", h, err)
		}
	})
}

// retry makes a dead run wait again, as an operator does.
func (d *judged) retry(key string) {
	d.t.Helper()
	d.exec(d.t, `UPDATE function_runs SET state = 'waiting' WHERE key = $1 AND state = 'failed'`, key)
}

// Each function run twice with the same event, one after the other and at once, as by an attempt that was given up for
// dead and its successor: one effect.
func TestSameEventTwiceHasOneEffect(t *testing.T) {
	onTranscripts(t, 3, func(t *testing.T, d *judged) {
		d.model.say(claims(d.claim(""), d.claim(`"hypothesisId":"`+d.hypotheses[1]+`","valueNumber":null,"unit":"NONE"`)))
		for i := range d.calls {
			d.together(interview.ExtractClaims, d.extraction(i), d.extract.Run)
		}
		if n := d.count(`SELECT COUNT(*) FROM claims`); n != 6 {
			t.Errorf("%d claims", n)
		}
		d.model.say(verdict)
		for _, h := range d.hypotheses {
			d.together(interview.ValidateClaim, h+":1", d.validate.Run)
		}
		if n := d.count(`SELECT COUNT(*) FROM verdicts`); n != 2 {
			t.Errorf("%d verdicts", n)
		}
		if n := d.count(`SELECT COUNT(*) FROM function_runs WHERE state = 'done' AND function IN ('extract-claims', 'validate-claim')`); n != 5 {
			t.Errorf("%d runs are done", n)
		}
	})
}

// together runs an attempt and its successor at once, then once more.
func (d *judged) together(function interview.Function, key string, body func(context.Context, interview.Run) error) {
	d.t.Helper()
	first := d.start(function, key)
	d.advance(jobs.LostAfter + time.Second)
	second := d.start(function, key)
	before := d.model.asked.Load()
	var group sync.WaitGroup
	for _, run := range []interview.Run{first, second, second} {
		group.Go(func() {
			if err := body(context.Background(), run); err != nil && !errors.Is(err, jobs.ErrLostRun) {
				d.t.Errorf("%s %s: %v", function, key, err)
			}
		})
	}
	group.Wait()
	if _, started, err := d.tryStart(function, key); err != nil || started != jobs.RunOver {
		d.t.Errorf("%s %s runs again: %v, %v", function, key, started, err)
	}
	if asked := d.model.asked.Load() - before; asked > 2 {
		d.t.Errorf("%s %s: the model was asked %d times", function, key, asked)
	}
}

// A process killed between any two statements: the run goes on elsewhere, its effects come once, and the model is asked
// at most once more than needed.
func TestKillBetweenStatementsLeavesOneEffect(t *testing.T) {
	onTranscripts(t, 60, func(t *testing.T, d *judged) {
		killed := errors.New("killed")
		kill := func(function interview.Function, key string, body func(context.Context, interview.Run) error, n int) (survived bool) {
			run := d.start(function, key)
			left := n
			d.mu.Lock()
			d.around = func(statement func() error) error {
				if left--; left < 0 {
					return killed
				}
				return statement()
			}
			d.mu.Unlock()
			asked := d.model.asked.Load()
			err := body(t.Context(), run)
			d.mu.Lock()
			d.around = nil
			d.mu.Unlock()
			if err == nil {
				return true
			}
			if !errors.Is(err, killed) {
				t.Fatalf("%s killed at statement %d: %v", function, n, err)
			}
			d.advance(jobs.LostAfter + time.Second)
			if err := body(t.Context(), d.start(function, key)); err != nil {
				t.Fatalf("%s after a kill at statement %d: %v", function, n, err)
			}
			if again := d.model.asked.Load() - asked; again > 2 {
				t.Errorf("%s killed at statement %d: the model was asked %d times", function, n, again)
			}
			return false
		}
		d.model.say(claims(d.claim("")))
		n := 0
		for !kill(interview.ExtractClaims, d.extraction(n), d.extract.Run, n) {
			n++
		}
		if got := d.count(`SELECT COUNT(*) FROM claims`); got != n+1 {
			t.Errorf("%d claims of %d recordings", got, n+1)
		}
		t.Logf("extract-claims: %d statements", n)

		d.model.say(verdict)
		verdicts := 0
		for m := 0; ; m++ {
			newest := d.count(`SELECT validation_revision FROM hypotheses WHERE id = $1`, d.hypotheses[0])
			survived := kill(interview.ValidateClaim, fmt.Sprintf("%s:%d", d.hypotheses[0], newest), d.validate.Run, m)
			verdicts++
			if got := d.count(`SELECT COUNT(*) FROM verdicts`); got != verdicts {
				t.Fatalf("killed at statement %d: %d verdicts, want %d", m, got, verdicts)
			}
			if survived {
				t.Logf("validate-claim: %d statements", m)
				return
			}
			n++
			d.model.say(claims(d.claim("")))
			if err := d.attempt(interview.ExtractClaims, d.extraction(n)); err != nil {
				t.Fatal(err)
			}
			d.model.say(verdict)
		}
	})
}
