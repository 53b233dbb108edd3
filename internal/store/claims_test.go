package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
)

// heardCalls creates an ACTIVE campaign with two hypotheses and n consented calls, each with a completed recording and
// its transcribe-recording run, and returns the calls' ids and the hypotheses'.
func heardCalls(t *testing.T, s *Store, n int) (calls, hypotheses []string) {
	t.Helper()
	campaign, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(),
		PromptTemplate: "- What does it cost?",
		Hypotheses:     []interview.Hypothesis{{Question: "Is it dear?"}, {Question: "Is it liked?"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range campaign.Hypotheses {
		hypotheses = append(hypotheses, h.ID)
	}
	err = s.write(t.Context(), func(tx *Tx) error {
		for i := range n {
			id := fmt.Sprintf("%s-%03d", campaign.ID, i)
			call := interview.Call{ID: id, CampaignID: campaign.ID, Status: interview.CallCompleted, Sequence: -1,
				PhoneNumber: fmt.Sprintf("+1555000%04d", i), Consent: interview.ConsentGiven, CreatedAt: tx.Now}
			if err := tx.insertCalls(t.Context(), []interview.Call{call}); err != nil {
				return err
			}
			recording := interview.Recording{Sid: "RE" + id, CallID: id, Status: interview.RecordingCompleted, URL: "https://api.example/RE" + id}
			stmts := tx.newStmtBatch()
			stmts.saveRecordings([]interview.Recording{recording})
			if err := stmts.run(t.Context()); err != nil {
				return err
			}
			if err := tx.enqueue(t.Context(), "test", []interview.Job{interview.NewTranscribeRecording(id, recording.Sid, recording.URL)}); err != nil {
				return err
			}
			calls = append(calls, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range calls {
		run := s.mustStart(t, interview.TranscribeRecording, id+":RE"+id)
		said := []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "Five dollars", EndSec: 2}}
		if err := s.SaveTranscript(t.Context(), run, id, "RE"+id, said); err != nil {
			t.Fatal(err)
		}
	}
	return calls, hypotheses
}

func claimFor(hypothesis string, supports bool) interview.Claim {
	price := 0.0
	return interview.Claim{HypothesisID: hypothesis, Field: interview.FieldPrice, ValueNumber: &price, Unit: interview.UnitUSD,
		Text: "It costs nothing.", RawText: "nothing", StartSec: 1, EndSec: 2.5, Confidence: 0.9, Supports: &supports}
}

// extract begins the extraction of a call's recording and saves claims.
func (s *Store) extract(t *testing.T, callID string, claims ...interview.Claim) {
	t.Helper()
	run := s.mustStart(t, interview.ExtractClaims, callID+":RE"+callID)
	e, err := s.BeginExtraction(t.Context(), run, callID, "RE"+callID)
	if err != nil || e.Skip || len(e.Utterances) != 1 || len(e.Hypotheses) != 2 {
		t.Fatalf("extraction of %s: %+v, %v", callID, e, err)
	}
	if err := s.SaveClaims(t.Context(), run, callID, "RE"+callID, claims); err != nil {
		t.Fatal(err)
	}
}

func TestNoClaimsAreExtractedWithoutHypotheses(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, _ := heardCalls(t, s, 1)
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'extract-claims' AND key = $1`, calls[0]+":RE"+calls[0]); n != 1 {
			t.Fatalf("%d runs of extract-claims", n)
		}
		id := seed(t, s, 1)[0] // a campaign without hypotheses
		err := s.write(t.Context(), func(tx *Tx) error {
			call, err := tx.lockCall(t.Context(), id)
			if err != nil {
				return err
			}
			return tx.startExtraction(t.Context(), interview.Run{ID: "r"}, call, "RE")
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'extract-claims'`); n != 1 {
			t.Fatalf("%d runs of extract-claims", n)
		}
	})
}

func TestClaimsComeBackUnchanged(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 1)
		text := interview.Claim{HypothesisID: hypotheses[0], Field: interview.FieldOther, ValueText: "blue", Unit: interview.UnitNone,
			SkuID: "sku", GeoCode: "DE", Text: "a\x00b", RawText: "q", LowConfidence: true}
		rejected := interview.Claim{Field: interview.FieldPrice, Unit: interview.UnitNone, Rejected: "not said", RawText: "invented"}
		s.extract(t, calls[0], claimFor(hypotheses[0], false), text, rejected)
		got, err := claimsOf(t.Context(), s.read(), "call_id", calls[0], noLimit)
		if err != nil || len(got) != 3 {
			t.Fatalf("%d claims, %v", len(got), err)
		}
		a := got[0]
		if a.ValueNumber == nil || *a.ValueNumber != 0 || a.Unit != interview.UnitUSD || a.Supports == nil || *a.Supports || a.Confidence != 0.9 ||
			a.EndSec != 2.5 || a.Validated || a.EvidenceURL != "https://api.example/RE"+calls[0]+".mp3#t=1,2.5" || a.CreatedAt.IsZero() {
			t.Errorf("%+v", a)
		}
		b := got[1]
		if b.ValueNumber != nil || b.Supports != nil || !b.LowConfidence || b.SkuID != "sku" || b.GeoCode != "DE" || b.ValueText != "blue" {
			t.Errorf("%+v", b)
		}
		if c := got[2]; c.Rejected != "not said" || c.HypothesisID != "" || c.EvidenceURL != "" {
			t.Errorf("%+v", c)
		}
	})
}

func TestClaimsOfARecordingAreSavedOnce(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 1)
		id := calls[0]
		first := s.mustStart(t, interview.ExtractClaims, id+":RE"+id)
		clock.Advance(jobs.LostAfter + time.Second)
		second := s.mustStart(t, interview.ExtractClaims, id+":RE"+id)
		if err := s.SaveClaims(t.Context(), first, id, "RE"+id, []interview.Claim{claimFor(hypotheses[0], true)}); !errors.Is(err, jobs.ErrLostRun) {
			t.Fatalf("a lost attempt took effect: %v", err)
		}
		if err := s.SaveClaims(t.Context(), second, id, "RE"+id, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveClaims(t.Context(), second, id, "RE"+id, []interview.Claim{claimFor(hypotheses[0], true)}); !errors.Is(err, jobs.ErrLostRun) {
			t.Fatalf("an ended run took effect: %v", err)
		}
		// Somebody retries the run although it has answered: an empty list is an answer.
		err := s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE function_runs SET state = 'waiting' WHERE id = $1`, second.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		third := s.mustStart(t, interview.ExtractClaims, id+":RE"+id)
		if e, err := s.BeginExtraction(t.Context(), third, id, "RE"+id); err != nil || !e.Skip {
			t.Fatalf("%+v, %v", e, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM claims`); n != 0 {
			t.Fatalf("%d claims", n)
		}
	})
}

func TestNoClaimIsMadeAfterConsentWasWithdrawn(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 2)
		refuse := func(id string) {
			err := s.write(t.Context(), func(tx *Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE calls SET consent = $2 WHERE id = $1`, id, string(interview.ConsentRefused))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		during := s.mustStart(t, interview.ExtractClaims, calls[0]+":RE"+calls[0])
		if e, err := s.BeginExtraction(t.Context(), during, calls[0], "RE"+calls[0]); err != nil || e.Skip {
			t.Fatalf("%+v, %v", e, err)
		}
		refuse(calls[0])
		if err := s.KeepAnswer(t.Context(), during, calls[0], "they said", "prose"); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveClaims(t.Context(), during, calls[0], "RE"+calls[0], []interview.Claim{claimFor(hypotheses[0], true)}); err != nil {
			t.Fatal(err)
		}
		refuse(calls[1])
		before := s.mustStart(t, interview.ExtractClaims, calls[1]+":RE"+calls[1])
		if e, err := s.BeginExtraction(t.Context(), before, calls[1], "RE"+calls[1]); err != nil || !e.Skip {
			t.Fatalf("%+v, %v", e, err)
		}
		for what, query := range map[string]string{
			"claims": `SELECT COUNT(*) FROM claims`, "answers": `SELECT COUNT(*) FROM run_answers`,
			"validations": `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim'`,
			"open runs":   `SELECT COUNT(*) FROM function_runs WHERE function = 'extract-claims' AND state <> 'done'`,
		} {
			if n := s.count(t, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
	})
}

// All claims of a recording and the validations they call for commit together, whichever statement fails.
func TestClaimsAndTheirValidationsCommitTogether(t *testing.T) {
	eachDatabase(t, Options{Around: func(statement func() error) error { return statement() }}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 1)
		id := calls[0]
		run := s.mustStart(t, interview.ExtractClaims, id+":RE"+id)
		broken := errors.New("broken")
		for n := 0; ; n++ {
			left := n
			s.options.Around = func(statement func() error) error {
				if left--; left < 0 {
					return broken
				}
				return statement()
			}
			err := s.SaveClaims(t.Context(), run, id, "RE"+id, []interview.Claim{claimFor(hypotheses[0], true), claimFor(hypotheses[1], false)})
			s.options.Around = nil
			claims := s.count(t, `SELECT COUNT(*) FROM claims`)
			validations := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim'`)
			marked := s.count(t, `SELECT COUNT(*) FROM recordings WHERE extracted_at IS NOT NULL`)
			ended := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE id = $1 AND state = 'done'`, run.ID)
			if err == nil {
				if claims != 2 || validations != 2 || marked != 1 || ended != 1 {
					t.Fatalf("after all: %d claims, %d validations, %d marks, %d ends", claims, validations, marked, ended)
				}
				if n < 8 {
					t.Fatalf("only %d statements", n)
				}
				return
			}
			if !errors.Is(err, broken) || claims+validations+marked+ended != 0 {
				t.Fatalf("statement %d: %d claims, %d validations, %d marks, %d ends: %v", n, claims, validations, marked, ended, err)
			}
		}
	})
}

func TestEvidenceIsJudgedOnce(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 4)
		h := hypotheses[0]
		for i, id := range calls[:3] {
			s.extract(t, id, claimFor(h, i != 2), claimFor(h, true))
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim' AND not_before IS NOT NULL`); n != 1 {
			t.Fatalf("%d validations wait", n)
		}
		begin := func(revision int) (interview.Run, interview.Validation) {
			run := s.mustStart(t, interview.ValidateClaim, fmt.Sprintf("%s:%d", h, revision))
			v, err := s.BeginValidation(t.Context(), run, h, revision)
			if err != nil {
				t.Fatal(err)
			}
			return run, v
		}
		run, v := begin(1)
		if v.Skip || v.Revision != 3 || len(v.Evidence) != 6 || !v.Evidence.Enough() || v.Hypothesis.Question != "Is it dear?" {
			t.Fatalf("%+v", v)
		}
		verdict := v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "It is.", Reasons: []string{"because"}})
		if err := s.SaveVerdict(t.Context(), run, verdict); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveVerdict(t.Context(), run, verdict); !errors.Is(err, jobs.ErrLostRun) {
			t.Fatalf("an ended run took effect: %v", err)
		}
		d, err := s.HypothesisDetail(t.Context(), h)
		if err != nil || d.Hypothesis.Status != interview.HypothesisValidated || d.Hypothesis.Reopened || len(d.Verdicts) != 1 || len(d.Claims) != 6 {
			t.Fatalf("%+v, %v", d, err)
		}
		if w := d.Verdicts[0]; w.Reasons[0] != "because" || w.Claims != 6 || w.Calls != 3 || w.Revision != 3 || w.Consistency < 0.8 {
			t.Errorf("%+v", w)
		}
		for _, c := range d.Claims {
			if c.Validated != *c.Supports || c.Contradicting == *c.Supports {
				t.Errorf("%+v", c)
			}
		}
		s.completable(t, calls[0], false) // the other hypothesis is pending

		// New evidence re-opens the question; the last verdict stands until the next.
		s.extract(t, calls[3], claimFor(h, false))
		d, err = s.HypothesisDetail(t.Context(), h)
		if err != nil || !d.Hypothesis.Reopened || d.Hypothesis.Status != interview.HypothesisValidated {
			t.Fatalf("%+v, %v", d, err)
		}
		run, v = begin(4)
		verdict = v.Judge(interview.Opinion{Status: interview.HypothesisInconclusive, Conclusion: "Who knows."})
		if err := s.SaveVerdict(t.Context(), run, verdict); err != nil {
			t.Fatal(err)
		}
		d, err = s.HypothesisDetail(t.Context(), h)
		if err != nil || d.Hypothesis.Status != interview.HypothesisInconclusive || len(d.Verdicts) != 2 || d.Verdicts[1].Status != interview.HypothesisValidated {
			t.Fatalf("%+v, %v", d, err)
		}
		for _, c := range d.Claims {
			if c.Validated {
				t.Errorf("still validated: %+v", c)
			}
		}
	})
}

// completable checks what is said of the call's campaign.
func (s *Store) completable(t *testing.T, callID string, want bool) {
	t.Helper()
	campaign, err := s.Campaign(t.Context(), s.mustCall(t, callID).CampaignID)
	if err != nil || campaign.CanComplete() != want {
		t.Errorf("can complete: %v, %v", campaign.CanComplete(), err)
	}
}

func TestVerdictGoesWithItsEvidence(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 5)
		h := hypotheses[0]
		for _, id := range calls[:4] {
			s.extract(t, id, claimFor(h, true))
		}
		begin := func(asked int) (interview.Run, interview.Validation) {
			run := s.mustStart(t, interview.ValidateClaim, fmt.Sprintf("%s:%d", h, asked))
			v, err := s.BeginValidation(t.Context(), run, h, asked)
			if err != nil {
				t.Fatal(err)
			}
			return run, v
		}
		run, v := begin(1)
		if v.Skip || v.Revision != 4 {
			t.Fatalf("%+v", v)
		}
		erase := func(id string) int {
			var n int
			err := s.write(t.Context(), func(tx *Tx) (err error) {
				n, err = tx.eraseEvidence(t.Context(), "api", id, "")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := erase(calls[3]); n != 1 {
			t.Fatalf("%d claims erased", n)
		}
		s.extract(t, calls[4], claimFor(h, true))
		// The verdict on revision 4 comes too late: what it repeats may be erased.
		if err := s.SaveVerdict(t.Context(), run, v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "Yes."})); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM verdicts`); n != 0 {
			t.Fatalf("%d verdicts on old evidence", n)
		}
		run, v = begin(5)
		if v.Skip || v.Revision != 6 || len(v.Evidence) != 4 {
			t.Fatalf("%+v", v)
		}
		if err := s.SaveVerdict(t.Context(), run, v.Judge(interview.Opinion{Status: interview.HypothesisValidated, Conclusion: "Yes."})); err != nil {
			t.Fatal(err)
		}
		if n := erase(calls[0]) + erase(calls[1]); n != 2 {
			t.Fatalf("%d claims erased", n)
		}
		if n := erase(calls[0]); n != 0 {
			t.Fatalf("%d claims erased again", n)
		}
		if _, v = begin(7); !v.Skip {
			t.Fatalf("a run is not overtaken by an erasure: %+v", v)
		}
		if _, v = begin(8); !v.Skip {
			t.Fatalf("%+v", v)
		}
		d, err := s.HypothesisDetail(t.Context(), h)
		if err != nil || d.Hypothesis.Status != interview.HypothesisPending || d.Hypothesis.Conclusion != "" || len(d.Verdicts) != 2 || d.Claims[0].Validated {
			t.Fatalf("%+v, %v", d, err)
		}
	})
}

func TestClaimsOfManyRecordingsAtOnceLoseNoRevision(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		const n = 12
		calls, hypotheses := heardCalls(t, s, n)
		var runs []interview.Run
		for _, id := range calls {
			runs = append(runs, s.mustStart(t, interview.ExtractClaims, id+":RE"+id))
		}
		var group sync.WaitGroup
		for i, id := range calls {
			for range 2 { // each twice, of which one is too late
				group.Go(func() {
					claims := []interview.Claim{claimFor(hypotheses[i%2], true), claimFor(hypotheses[1-i%2], false)}
					err := s.SaveClaims(t.Context(), runs[i], id, "RE"+id, claims)
					if err != nil && !errors.Is(err, jobs.ErrLostRun) {
						t.Error(err)
					}
				})
			}
		}
		group.Wait()
		if got := s.count(t, `SELECT COUNT(*) FROM claims`); got != 2*n {
			t.Errorf("%d claims, want %d", got, 2*n)
		}
		if got := s.count(t, `SELECT MIN(evidence_revision) + MAX(evidence_revision) FROM hypotheses`); got != 2*n {
			t.Errorf("revisions add up to %d, want %d", got, 2*n)
		}
		if got := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'validate-claim'`); got != 2 {
			t.Errorf("%d validations, want one of each hypothesis", got)
		}
	})
}

// A campaign can be completed while a question is open, or never.
func TestCampaignCannotBeCompletedTooEarly(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		calls, hypotheses := heardCalls(t, s, 4)
		for _, id := range calls[:3] {
			s.extract(t, id, claimFor(hypotheses[0], true), claimFor(hypotheses[1], false))
		}
		for i, status := range []interview.HypothesisStatus{interview.HypothesisValidated, interview.HypothesisInvalidated} {
			s.completable(t, calls[0], false)
			run := s.mustStart(t, interview.ValidateClaim, hypotheses[i]+":1")
			v, err := s.BeginValidation(t.Context(), run, hypotheses[i], 1)
			if err != nil || v.Skip {
				t.Fatalf("%+v, %v", v, err)
			}
			if err := s.SaveVerdict(t.Context(), run, v.Judge(interview.Opinion{Status: status, Conclusion: "So it is."})); err != nil {
				t.Fatal(err)
			}
		}
		s.completable(t, calls[0], true)
		s.extract(t, calls[3], claimFor(hypotheses[0], true))
		s.completable(t, calls[0], false)
		s.completable(t, seed(t, s, 1)[0], false) // no hypotheses: nothing was found out
	})
}
