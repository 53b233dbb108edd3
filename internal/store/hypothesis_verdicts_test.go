package store

import (
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// Interviews that end all the time put no verdict off: neither the run that waits, nor the one that asks a model meanwhile.
func TestHypothesisIsJudgedWhileEvidenceKeepsComing(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 40)
		h := hypotheses[0]
		var asking []interview.Run
		var judged interview.Validation
		for i, id := range calls {
			s.extract(t, id, claimFor(h, true))
			clock.Advance(3 * time.Second)
			if len(asking) == 1 && i%2 == 0 { // the model took its time
				verdict := judged.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "It is."})
				if err := s.SaveVerdict(t.Context(), asking[0], verdict); err != nil {
					t.Fatal(err)
				}
				asking = nil
			}
			var key string
			err := firstRow(s.read().QueryRow(t.Context(), `SELECT key FROM function_runs WHERE function = 'validate-claim' AND state = 'waiting'
				AND not_before <= $1 ORDER BY id LIMIT 1`, clock.Now()), &key)
			if err != nil {
				t.Fatal(err)
			}
			if key == "" || len(asking) > 0 {
				continue
			}
			run := s.mustStart(t, interview.ValidateClaim, key)
			asked, _ := run.Revision()
			if judged, err = s.BeginValidation(t.Context(), run, h, asked); err != nil {
				t.Fatal(err)
			}
			if !judged.Skip {
				asking = append(asking, run)
			}
		}
		d, err := s.HypothesisDetail(t.Context(), h)
		if err != nil || len(d.Verdicts) < 5 || len(d.Verdicts) > 20 || d.Hypothesis.Status != interview.HypothesisValidated || !d.Hypothesis.Reopened {
			t.Errorf("%d verdicts in two minutes, %+v, %v", len(d.Verdicts), d.Hypothesis, err)
		}
		if waiting := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim' AND state = 'waiting'`); waiting > 1 {
			t.Errorf("%d validations wait", waiting)
		}
	})
}

// The more claims a verdict was given on, the longer it stands before further claims are judged; an erasure waits for nothing.
func TestLargeStudyIsNotJudgedAnewForEachInterview(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 5)
		h := hypotheses[0]
		for _, id := range calls[:3] {
			s.extract(t, id, claimFor(h, true))
		}
		run := s.mustStart(t, interview.ValidateClaim, h+":1")
		v, err := s.BeginValidation(t.Context(), run, h, 1)
		if err != nil || v.Skip {
			t.Fatalf("%+v, %v", v, err)
		}
		if err := s.SaveVerdict(t.Context(), run, v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "It is."})); err != nil {
			t.Fatal(err)
		}
		judged := clock.Now()
		due := func(key string) time.Duration {
			var at time.Time
			if err := s.read().QueryRow(t.Context(), `SELECT not_before FROM function_runs WHERE key = $1`, key).Scan(&at); err != nil {
				t.Fatal(err)
			}
			return at.Sub(judged)
		}
		storetest.Exec(t, s, `UPDATE verdicts SET claims = 200`)
		clock.Advance(time.Second)
		s.extract(t, calls[3], claimFor(h, true))
		if got := due(h + ":4"); got != 50*time.Second {
			t.Errorf("the next validation is due %s after a verdict on 200 claims", got)
		}
		if err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.eraseEvidence(t.Context(), "api", calls[0], "")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := due(h + ":5"); got != time.Second+validationDelay {
			t.Errorf("evidence that was reduced is judged %s after the last verdict", got)
		}
		s.extract(t, calls[4], claimFor(h, true))
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim'`); n != 3 {
			t.Errorf("%d validations", n)
		}
		if run := s.mustStart(t, interview.ValidateClaim, h+":4"); run.ID != "" {
			if v, err := s.BeginValidation(t.Context(), run, h, 4); err != nil || !v.Skip {
				t.Errorf("an older run judges too: %+v, %v", v, err)
			}
		}
		// However many claims: a verdict comes within five minutes.
		run = s.mustStart(t, interview.ValidateClaim, h+":5")
		if v, err = s.BeginValidation(t.Context(), run, h, 5); err != nil || v.Skip {
			t.Fatalf("%+v, %v", v, err)
		}
		if err := s.SaveVerdict(t.Context(), run, v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "It is."})); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, s, `UPDATE verdicts SET claims = 100000`)
		if err := s.write(t.Context(), func(tx *Tx) error { return tx.reviseHypothesis(t.Context(), "r", h, false) }); err != nil {
			t.Fatal(err)
		}
		if got := due(h + ":7"); got != time.Second+maxValidationSpacing {
			t.Errorf("the next validation is due after %s", got)
		}
	})
}

// Claims that are added while a run begins, by a transaction that still saw it wait, are judged by another run.
func TestClaimsAddedWhileAValidationBeginsAreJudged(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 4)
		h := hypotheses[0]
		for _, id := range calls[:3] {
			s.extract(t, id, claimFor(h, true))
		}
		read, err := s.validation(t.Context(), h, 1)
		if err != nil || read.Skip || read.Revision != 3 {
			t.Fatalf("%+v, %v", read, err)
		}
		s.extract(t, calls[3], claimFor(h, true))
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim'`); n != 1 {
			t.Fatalf("%d validations", n)
		}
		run := s.mustStart(t, interview.ValidateClaim, h+":1")
		v, err := s.beginValidation(t.Context(), run, read, 1)
		if err != nil || v.Skip || len(v.Evidence) != 3 {
			t.Fatalf("%+v, %v", v, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim' AND key = $1 AND state = 'waiting'`, h+":4"); n != 1 {
			t.Errorf("%d runs judge the newest evidence", n)
		}
	})
}

// A run that waits long after attempts that failed holds up nothing.
func TestClaimsAreJudgedBeforeALateAttempt(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 3)
		h := hypotheses[0]
		s.extract(t, calls[0], claimFor(h, true))
		storetest.Exec(t, s, `UPDATE function_runs SET attempts = 9, not_before = $1 WHERE function = 'validate-claim'`, s.now().Add(time.Hour))
		s.extract(t, calls[1], claimFor(h, true))
		s.extract(t, calls[2], claimFor(h, true))
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE key = $1`, h+":2"); n != 1 {
			t.Errorf("%d runs judge the second claim", n)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE key = $1`, h+":3"); n != 0 {
			t.Errorf("%d runs judge the third claim alone", n)
		}
	})
}
