package pipeline_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// The judge sees each quote within all that was said around it, after the question, and no phone number.
func TestJudgeGetsWholeUtterancesWithTheQuestion(t *testing.T) {
	onTranscripts(t, 3, func(t *testing.T, d *judged) {
		d.model.say(claims(d.claim("")))
		for i := range d.calls {
			if err := d.attempt(interview.ExtractClaims, d.extraction(i)); err != nil {
				t.Fatal(err)
			}
		}
		d.model.say(verdict)
		if err := d.attempt(interview.ValidateClaim, d.hypotheses[0]+":1"); err != nil {
			t.Fatal(err)
		}
		prompt := strings.Join(d.model.prompts, "\n")
		for _, want := range []string{
			`1 | agent | "What do you pay for a case?"` + "\n" + `1 | callee | "[[We pay five dollars a case]]. Call […]. We have 0 cases left."`,
			`3 | callee | "[[We pay five dollars a case]]. Call […]. We have 0 cases left."`,
		} {
			if !strings.Contains(prompt, want) {
				t.Errorf("%q is not in\n%s", want, prompt)
			}
		}
	})
}

// A quote that leaves out what governs it is kept with the reason and calls for no verdict; nor does a number that was denied
// become a value.
func TestQuoteThatInvertsWhatWasSaidIsNoEvidence(t *testing.T) {
	onTranscripts(t, 1, func(t *testing.T, d *judged) {
		call := d.calls[0]
		d.rewrite(call, "No, we did not sell out in October. It is not twelve dollars a bottle. We never paid more than ten dollars.")
		d.model.say(claims(
			d.claim(`"quote":"sell out in October","valueNumber":null`),
			d.claim(`"quote":"twelve dollars a bottle","valueNumber":12`),
			d.claim(`"quote":"paid more than ten dollars","valueNumber":10`),
			d.claim(`"quote":"never paid more than ten dollars","valueNumber":10,"stance":"contradicts"`),
			d.claim(`"quote":"It is not twelve dollars a bottle","valueNumber":12,"stance":"contradicts"`),
		))
		if err := d.attempt(interview.ExtractClaims, d.extraction(0)); err != nil {
			t.Fatal(err)
		}
		detail, err := d.store.HypothesisDetail(t.Context(), d.hypotheses[0])
		if err != nil || len(detail.Claims) != 5 {
			t.Fatalf("%d claims, %v", len(detail.Claims), err)
		}
		for i, want := range []struct{ reason, value string }{{`"not"`, ""}, {`"not"`, ""}, {`"never"`, ""},
			{"", "never paid more than ten dollars"}, {"", "not twelve dollars"}} {
			c := detail.Claims[i]
			if want.reason == "" && (c.Rejected != "" || c.ValueNumber != nil || c.Unit != interview.UnitNone || c.ValueText != want.value) ||
				!strings.Contains(c.Rejected, want.reason) {
				t.Errorf("%q: %q, %v %s %q", c.RawText, c.Rejected, c.ValueNumber, c.Unit, c.ValueText)
			}
		}
	})
}

// rewrite changes what the person of a call said.
func (d *judged) rewrite(callID, text string) {
	d.t.Helper()
	storetest.Exec(d.t, d.store, `UPDATE utterances SET text = $2 WHERE call_id = $1 AND speaker = 'callee'`, callID, text)
}

// A question that is too long for the model would end the judgement of each large study.
func TestQuestionForAVerdictFitsWhateverTheNumberOfInterviews(t *testing.T) {
	onTranscripts(t, 3, func(t *testing.T, d *judged) {
		const extra = 3000
		long := strings.Repeat("and so on ", 90)
		d.model.say(claims(d.claim("")))
		for i := range d.calls {
			if err := d.attempt(interview.ExtractClaims, d.extraction(i)); err != nil {
				t.Fatal(err)
			}
		}
		storetest.Exec(t, d.store, fmt.Sprintf(`INSERT INTO claims (id, call_id, recording_sid, hypothesis_id, field, value_text, unit, sku_id, geo_code, text, raw_text,
			start_sec, end_sec, confidence, low_confidence, supports, validated, contradicting, rejected, model, created_at)
			WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d)
			SELECT 'extra-' || n, call_id, recording_sid, hypothesis_id, field, value_text, unit, sku_id, geo_code, '%s', raw_text,
			start_sec, end_sec, confidence, low_confidence, FALSE, FALSE, FALSE, '', model, created_at FROM claims, n
			WHERE claims.call_id = '%s' AND hypothesis_id = '%s'`, extra, long, d.calls[0], d.hypotheses[0]))
		d.model.say(verdict)
		if err := d.attempt(interview.ValidateClaim, d.hypotheses[0]+":1"); err != nil {
			t.Fatal(err)
		}
		prompt := d.model.prompts[len(d.model.prompts)-1]
		if len(prompt) > 120_000 || len(prompt) < 80_000 {
			t.Errorf("the question has %d bytes", len(prompt))
		}
		for _, want := range []string{"There are 3003 claims from 3 calls: 3 support it, 3000 contradict it, 0 do neither.", " | supports | ", " | contradicts | "} {
			if !strings.Contains(prompt, want) {
				t.Errorf("%q is not in the question", want)
			}
		}
		detail, err := d.store.HypothesisDetail(t.Context(), d.hypotheses[0])
		if err != nil || len(detail.Verdicts) != 1 || detail.Verdicts[0].Claims != extra+3 ||
			!strings.Contains(strings.Join(detail.Verdicts[0].Reasons, "\n"), " of 3003 claims") {
			t.Errorf("%+v, %v", detail.Verdicts, err)
		}
	})
}
