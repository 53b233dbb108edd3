package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/internal/webhook"
)

const (
	secretNumber = "+15557771234"
	secretSid    = "CA00000000000000000000000000000777"
	secretWords  = "forty-two crates of marmalade"
)

// line is a call and Twilio's end of it: webhooks go through the inbox and the decisions that the program has.
type line struct {
	t         *testing.T
	store     *Store
	processor *Processor
	id        string
}

func newLine(t *testing.T, s *Store, id string) *line {
	decisions := webhook.New(webhook.Config{URLs: interview.CallbackURLs{Base: "https://calls.example.com"}})
	return &line{t: t, store: s, processor: NewProcessor(s, decisions.Decide), id: id}
}

// dialledLine creates the call of a campaign that asks two questions live, with an idempotency key, and says that it was
// dialled.
func dialledLine(t *testing.T, s *Store) *line {
	t.Helper()
	c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", PromptTemplate: "- What does it cost?\n- How many?",
		Status: interview.CampaignActive, Identity: storetest.Caller(), CallingHours: interview.AllHours(), AnswerMode: interview.AnswerGather,
		Hypotheses: []interview.Hypothesis{{Question: "Is it dear?"}}})
	if err != nil {
		t.Fatal(err)
	}
	var id string
	_, err = s.CreateCalls(t.Context(), NewCalls{CampaignID: c.ID, PhoneNumbers: []string{secretNumber}, IdempotencyKey: c.ID,
		RequestHash: sha256.Sum256(nil),
		Answer: func(calls []interview.Call) (Answer, error) {
			id = calls[0].ID
			return Answer{Status: 202, Body: fmt.Appendf(nil, `{"id":%q,"phoneNumber":%q}`, id, calls[0].PhoneNumber)}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	run := s.mustStart(t, interview.OrchestrateCall, id)
	if _, err := s.BeginDial(t.Context(), run, id); err != nil {
		t.Fatal(err)
	}
	if err := s.DialUnknown(t.Context(), run, id, "no answer about "+secretNumber); err != nil {
		t.Fatal(err)
	}
	return newLine(t, s, id)
}

// recordedLine is a dialledLine up to the end of its recording.
func recordedLine(t *testing.T, s *Store) *line {
	t.Helper()
	l := dialledLine(t, s)
	l.interview()
	l.recordingEnds()
	return l
}

// minedLine is a recordedLine whose recording was transcribed and mined for claims.
func minedLine(t *testing.T, s *Store) *line {
	t.Helper()
	l := recordedLine(t, s)
	l.transcribe(secretWords, "a dozen")
	l.extract()
	return l
}

// send delivers a webhook. A parameter named step or attempt is the query's.
func (l *line) send(kind inbox.Kind, parameters ...string) inbox.Result {
	l.t.Helper()
	form := url.Values{"CallSid": {secretSid}, "AccountSid": {"AC1"}, "To": {secretNumber}}
	query := url.Values{"callId": {l.id}}
	for i := 0; i+1 < len(parameters); i += 2 {
		if name := parameters[i]; name == "step" || name == "attempt" {
			query.Set(name, parameters[i+1])
		} else {
			form.Set(name, parameters[i+1])
		}
	}
	id, subject, err := webhook.Identify(kind, form, query)
	if err != nil {
		l.t.Fatal(err)
	}
	result, err := l.processor.Process(l.t.Context(), &inbox.Event{ID: id, Kind: kind, Subject: subject, CallSid: secretSid,
		AccountSid: "AC1", Body: []byte(form.Encode()), Form: form, Query: query, ReceivedAt: l.store.now()})
	if err != nil {
		l.t.Fatalf("%s: %v", id, err)
	}
	return result
}

// interview plays a call to its end: yes, two answers, a recording, hung up.
func (l *line) interview() {
	l.t.Helper()
	l.send(inbox.KindVoice, "CallStatus", "in-progress")
	l.send(webhook.KindConsent, "SpeechResult", "yes")
	l.send(webhook.KindAnswer, "step", "1", "SpeechResult", secretWords)
	l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "in-progress")
	l.send(webhook.KindAnswer, "step", "2", "SpeechResult", "a dozen")
}

func (l *line) recordingEnds() inbox.Result {
	l.t.Helper()
	return l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE1")
}

func (l *line) hangUp() {
	l.t.Helper()
	l.send(inbox.KindStatus, "CallStatus", "completed", "CallDuration", "61")
}

// transcribe plays transcribe-recording, which hears the given words.
func (l *line) transcribe(words ...string) {
	l.t.Helper()
	run := l.store.mustStart(l.t, interview.TranscribeRecording, l.id+":RE1")
	if _, err := l.store.BeginTranscription(l.t.Context(), run, l.id, "RE1"); err != nil {
		l.t.Fatal(err)
	}
	var heard []interview.Utterance
	for _, w := range words {
		heard = append(heard, interview.Utterance{Speaker: interview.SpeakerCallee, Text: w})
	}
	dropped := interview.DroppedSegment{Utterance: interview.Utterance{Text: strings.Join(words, " "), EndSec: 2}, Reason: interview.DropSilence}
	if err := l.store.SaveTranscript(l.t.Context(), run, l.id, "RE1", heard, dropped); err != nil && !errors.Is(err, jobs.ErrLostRun) {
		l.t.Fatal(err)
	}
}

// extract plays extract-claims, which finds one claim and has one answer that nobody could read.
func (l *line) extract() {
	l.t.Helper()
	run := l.store.mustStart(l.t, interview.ExtractClaims, l.id+":RE1")
	e, err := l.store.BeginExtraction(l.t.Context(), run, l.id, "RE1")
	if err != nil || e.Skip {
		l.t.Fatalf("%+v, %v", e, err)
	}
	if err := l.store.KeepAnswer(l.t.Context(), run, l.id, "I heard "+secretWords, "prose"); err != nil {
		l.t.Fatal(err)
	}
	claim := interview.Claim{HypothesisID: e.Hypotheses[0].ID, Field: "OTHER", Unit: "NONE", Text: secretWords, RawText: secretWords}
	if err := l.store.SaveClaims(l.t.Context(), run, l.id, "RE1", []interview.Claim{claim}); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) runs(function interview.Function) int {
	l.t.Helper()
	return l.store.count(l.t, `SELECT COUNT(*) FROM function_runs WHERE function = $1`, string(function))
}

func (l *line) erase() (Erasure, error) {
	return l.store.ErasePersonalData(l.t.Context(), ErasureRequest{CallID: l.id, RequestedBy: "dpo@example.com", Reason: "article 17"})
}

// everything is all that the database holds, as text.
func everything(t *testing.T, s *Store) string {
	t.Helper()
	tables := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if s.postgres != nil {
		tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`
	}
	var names []string
	err := collect(t.Context(), s.read(), func(r row) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}, tables)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		for _, values := range contents(t, s, name) {
			fmt.Fprintln(&all, name)
			for _, v := range values {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintf(&all, "\t%v\n", v)
			}
		}
	}
	return all.String()
}

func contents(t *testing.T, s *Store, table string) (all [][]any) {
	t.Helper()
	query := `SELECT * FROM "` + table + `"`
	if s.postgres != nil {
		rows, err := s.postgres.Query(t.Context(), query)
		for err == nil && rows.Next() {
			var values []any
			values, err = rows.Values()
			all = append(all, values)
		}
		if err = errors.Join(err, rows.Err()); err != nil {
			t.Fatal(err)
		}
		return all
	}
	rows, err := s.sqlite.read.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	for err == nil && rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		err = rows.Scan(into...)
		all = append(all, values)
	}
	if err = errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	return all
}

// traces are what the database still knows of the person.
func traces(t *testing.T, s *Store) (found []string) {
	t.Helper()
	all := everything(t, s)
	for line := range strings.Lines(all) {
		for _, secret := range []string{secretNumber[1:], secretWords, url.QueryEscape(secretWords), "a dozen", "a+dozen", "api.twilio.com"} {
			// The arguments of a run may say where audio was that is gone: they name nobody.
			if strings.Contains(line, secret) && !strings.Contains(line, `"recordingUrl"`) {
				found = append(found, strings.TrimSpace(line))
			}
		}
	}
	return found
}

func TestErasureLeavesNoTraceOfThePerson(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := minedLine(t, s)
		l.hangUp()
		if found := traces(t, s); len(found) < 8 {
			t.Fatalf("the test looks in the wrong places: %q", found)
		}

		erasure, err := l.erase()
		if err != nil {
			t.Fatal(err)
		}
		if found := traces(t, s); len(found) != 0 {
			t.Errorf("left: %q", found)
		}
		want := Erasure{ErasureRequest{l.id, "dpo@example.com", "article 17"}, erasure.At, 1, 4, 1, 7, false}
		if erasure != want {
			t.Errorf("erasure %+v, want %+v", erasure, want)
		}
		if n := l.runs(interview.DeleteRecording); n != 1 {
			t.Errorf("%d runs delete the recording", n)
		}
		if n := l.runs(interview.ValidateClaim); n != 2 {
			t.Errorf("%d validations: what the claim was evidence for is not judged anew", n)
		}
		d, err := s.CallDetail(t.Context(), l.id)
		if err != nil || len(d.Dropped) != 0 {
			t.Errorf("dropped segments are left: %+v, %v", d.Dropped, err)
		}
		if err != nil || d.Erasure == nil || *d.Erasure != want || d.Call.ErasedAt == nil || d.Call.Consent != interview.ConsentRefused {
			t.Errorf("shown: %+v, %v", d.Call, err)
		}
		if len(d.Recordings) != 1 || len(d.Utterances) != 0 || len(d.Webhooks) != 7 {
			t.Errorf("left %d recordings, %d utterances, %d events", len(d.Recordings), len(d.Utterances), len(d.Webhooks))
		}
	})
}

// A page that SQLite no longer needs keeps its bytes, unless told otherwise.
func TestErasedDataLeavesTheFile(t *testing.T) {
	s := open(t, storetest.SQLite(t), Options{})
	path := s.sqlite.log.path
	l := minedLine(t, s)
	l.hangUp()
	if _, err := l.erase(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{secretNumber[1:], secretWords, url.QueryEscape(secretWords)} {
		if n := bytes.Count(file, []byte(secret)); n > 0 {
			t.Errorf("%q is in the file %d times", secret, n)
		}
	}
}

// Between any two statements of an erasure the connection may be lost: then all is still there, and the next one takes it.
func TestInterruptedErasureTakesAllOrNothing(t *testing.T) {
	left := -1 // statements until the connection is lost; below 0 it holds
	lost := errors.New("connection lost")
	around := func(statement func() error) error {
		if left == 0 {
			return lost
		}
		left--
		return statement()
	}
	eachDatabase(t, Options{Around: around}, func(t *testing.T, s *Store) {
		left = -1
		l := minedLine(t, s)
		l.hangUp()
		whole := len(traces(t, s))
		statements := 0
		for ; ; statements++ {
			left = statements
			_, err := l.erase()
			left = -1
			if err == nil {
				break
			}
			if !errors.Is(err, lost) {
				t.Fatalf("statement %d: %v", statements, err)
			}
			if n := len(traces(t, s)); n != whole {
				t.Fatalf("statement %d: %d traces of %d left", statements, n, whole)
			}
		}
		if found := traces(t, s); len(found) != 0 || statements < 15 {
			t.Errorf("after %d statements: %q", statements, found)
		}
	})
}

func TestSecondErasureKeepsWhoAskedFirst(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.hangUp()
		first, err := l.erase()
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.ErasePersonalData(t.Context(), ErasureRequest{CallID: l.id, RequestedBy: "somebody else"})
		if err != nil || second != first {
			t.Errorf("second: %+v, %v; first %+v", second, err, first)
		}
		_, err = s.ErasePersonalData(t.Context(), ErasureRequest{CallID: "nothing", RequestedBy: "x"})
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("unknown call: %v", err)
		}
	})
}

func TestLateCallbackBringsNoErasedDataBack(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		l.hangUp()
		before := l.send(inbox.KindVoice, "CallStatus", "in-progress")
		if _, err := l.erase(); err != nil {
			t.Fatal(err)
		}
		// A duplicate is still one, and is answered as before.
		again := l.send(inbox.KindVoice, "CallStatus", "in-progress")
		if again.Outcome != inbox.Duplicate || string(again.Reply.Body) != string(before.Reply.Body) {
			t.Errorf("a duplicate came out as %s: %s", again.Outcome, again.Reply.Body)
		}
		// A duplicate with another payload, and events that were not seen before.
		l.send(inbox.KindVoice, "CallStatus", "ringing")
		l.send(webhook.KindAnswer, "step", "3", "SpeechResult", secretWords)
		l.send(inbox.KindStatus, "CallStatus", "failed", "ErrorMessage", secretNumber+" hung up")
		l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "yes")
		l.send(inbox.KindRecording, "RecordingSid", "RE2", "RecordingStatus", "completed", "RecordingUrl", "https://api.twilio.com/RE2")
		// A transcription that was under way.
		l.transcribe(secretWords)

		if found := traces(t, s); len(found) != 0 {
			t.Errorf("came back: %q", found)
		}
		if n := l.runs(interview.DeleteRecording); n != 2 {
			t.Errorf("%d recordings are deleted, want 2", n)
		}
		if n := l.runs(interview.TranscribeRecording); n != 1 {
			t.Errorf("%d transcriptions", n)
		}
	})
}

func TestFailureOfAnErasedCallKeepsNoPayload(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.hangUp()
		if _, err := l.erase(); err != nil {
			t.Fatal(err)
		}
		event := &inbox.Event{ID: "x", Kind: inbox.KindStatus, Subject: l.id, Body: []byte("To=" + secretNumber), ReceivedAt: s.now()}
		if err := s.recordFailed(t.Context(), &delivery{event: event}, errors.New("broken")); err != nil {
			t.Fatal(err)
		}
		if err := s.recordRefused(t.Context(), &delivery{event: event}, errors.New("foreign")); err != nil {
			t.Fatal(err)
		}
		if found := traces(t, s); len(found) != 0 {
			t.Errorf("kept %q", found)
		}
	})
}

func TestWithdrawnConsentErasesWhatWasSaid(t *testing.T) {
	for name, back := range map[string]func(l *line){
		"no": func(l *line) { l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no") },
		"machine": func(l *line) {
			// Answers outrank the detector: this was heard otherwise, such as in a recording.
			l.store.mustExec(l.t, `UPDATE calls SET answers = 0 WHERE id = $1`, l.id)
			l.send(webhook.KindAMD, "AnsweredBy", "machine_end_beep")
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
				l := dialledLine(t, s)
				l.interview()
				if call := s.mustCall(t, l.id); !strings.Contains(call.Transcript, secretWords) {
					t.Fatalf("transcript %q", call.Transcript)
				}
				back(l)
				// What was under way comes too late.
				l.send(webhook.KindAnswer, "step", "3", "SpeechResult", secretWords)
				l.recordingEnds()

				for _, trace := range traces(t, s) {
					if strings.Contains(trace, secretWords) || strings.Contains(trace, url.QueryEscape(secretWords)) {
						t.Errorf("left %q", trace)
					}
				}
				call := s.mustCall(t, l.id)
				if call.Consent != interview.ConsentRefused || call.Transcript != "" || call.PhoneNumber != secretNumber || call.ErasedAt != nil {
					t.Errorf("left %+v", call)
				}
				if n := s.count(t, `SELECT COUNT(*) FROM utterances`); n != 0 {
					t.Errorf("%d utterances", n)
				}
				if n := s.count(t, `SELECT COUNT(*) FROM recordings WHERE url <> ''`); n != 0 {
					t.Error("the way to the audio is kept")
				}
				if d, t1 := l.runs(interview.DeleteRecording), l.runs(interview.TranscribeRecording); d != 1 || t1 != 0 {
					t.Errorf("%d deletions, %d transcriptions", d, t1)
				}
				if n := s.count(t, `SELECT COUNT(*) FROM call_history WHERE what = $1`, noteErased); n != 1 {
					t.Errorf("%d notes of it", n)
				}
			})
		})
	}
}

func TestLiveAnswersAreKeptOnce(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.interview()
		if d := l.send(webhook.KindAnswer, "step", "1", "SpeechResult", secretWords); d.Outcome != inbox.Duplicate {
			t.Errorf("an answer twice is %s", d.Outcome)
		}
		l.hangUp()
		want := "callee: " + secretWords + "\ncallee: a dozen"
		if call := s.mustCall(t, l.id); call.Transcript != want || call.AnswerStep != 2 {
			t.Errorf("after %d answers: %q", call.AnswerStep, call.Transcript)
		}
		// The recording has the same words, and more of them.
		l.recordingEnds()
		l.transcribe("well,", secretWords, "a dozen")
		d, err := s.CallDetail(t.Context(), l.id)
		if err != nil {
			t.Fatal(err)
		}
		if d.Call.Transcript != "callee: well,\n"+want || len(d.Utterances) != 3 {
			t.Errorf("with the recording: %q, %+v", d.Call.Transcript, d.Utterances)
		}
	})
}

// A recording on which nothing was heard takes nothing away.
func TestSilentRecordingKeepsTheLiveAnswers(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := recordedLine(t, s)
		l.transcribe()
		if d, err := s.CallDetail(t.Context(), l.id); err != nil || !strings.Contains(d.Call.Transcript, secretWords) || len(d.Utterances) != 2 {
			t.Errorf("%q, %+v, %v", d.Call.Transcript, d.Utterances, err)
		}
	})
}

func TestRecordingIsDeletedOnceAndStaysDeleted(t *testing.T) {
	clock := newClock()
	eachDatabase(t, Options{Now: clock.Now}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.interview()
		l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no")
		key := l.id + ":RE1"
		asked := clock.Now()

		run := s.mustStart(t, interview.DeleteRecording, key)
		if d, err := s.BeginDeletion(t.Context(), run, l.id, "RE1"); err != nil || d.Skip || !d.Running || d.AccountSid != "AC1" || !d.AskedAt.Equal(asked) {
			t.Fatalf("while it runs: %+v, %v", d, err)
		}
		l.recordingEnds()
		// The process dies after Twilio deleted, before that was kept.
		clock.Advance(jobs.LostAfter + time.Second)
		if n, err := s.RescueRuns(t.Context()); err != nil || n < 1 {
			t.Fatalf("rescued %d, %v", n, err)
		}
		again := s.mustStart(t, interview.DeleteRecording, key)
		if d, err := s.BeginDeletion(t.Context(), again, l.id, "RE1"); err != nil || d.Skip || d.Running || !d.AskedAt.Equal(asked) {
			t.Fatalf("after a crash: %+v, %v", d, err)
		}
		if err := s.RecordingDeleted(t.Context(), run, l.id, "RE1"); !errors.Is(err, jobs.ErrLostRun) {
			t.Errorf("a lost attempt took effect: %v", err)
		}
		if err := s.RecordingDeleted(t.Context(), again, l.id, "RE1"); err != nil {
			t.Fatal(err)
		}
		l.send(inbox.KindRecording, "RecordingSid", "RE1", "RecordingStatus", "failed", "RecordingUrl", "https://api.twilio.com/RE1")
		d, err := s.CallDetail(t.Context(), l.id)
		if err != nil || len(d.Recordings) != 1 || d.Recordings[0].Status != interview.RecordingDeleted || d.Recordings[0].URL != "" {
			t.Errorf("tombstone %+v, %v", d.Recordings, err)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM call_history WHERE what = $1`, noteDeleted); n != 1 {
			t.Errorf("%d notes of the deletion", n)
		}
	})
}

func TestRecordingOfAnotherCallIsNotDeleted(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.interview()
		l.send(webhook.KindConsent, "attempt", "2", "SpeechResult", "no")
		run := s.mustStart(t, interview.DeleteRecording, l.id+":RE1")
		if d, err := s.BeginDeletion(t.Context(), run, "another", "RE1"); err != nil || !d.Skip {
			t.Errorf("%+v, %v", d, err)
		}
	})
}

func TestCallIsEndedOnlyForAMachine(t *testing.T) {
	eachDatabase(t, Options{}, func(t *testing.T, s *Store) {
		l := dialledLine(t, s)
		l.send(inbox.KindVoice, "CallStatus", "in-progress")
		l.send(webhook.KindAMD, "AnsweredBy", "machine_start")
		run := s.mustStart(t, interview.EndCall, l.id)
		ending, err := s.BeginEndCall(t.Context(), run, l.id)
		if err != nil || ending.Skip || ending.CallSid != secretSid || ending.Words == "" {
			t.Fatalf("%+v, %v", ending, err)
		}
		if err := s.CallEnded(t.Context(), run, l.id, "machine_start"); err != nil {
			t.Fatal(err)
		}
		if call := s.mustCall(t, l.id); call.AnsweredBy != "machine_start" || call.Consent != interview.ConsentRefused {
			t.Errorf("%+v", call)
		}
		if n := s.count(t, `SELECT COUNT(*) FROM function_runs WHERE function = 'end-call' AND state = 'done'`); n != 1 {
			t.Error("the run did not end")
		}

		// Hung up before we came to it.
		err = s.write(t.Context(), func(tx *Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE function_runs SET state = 'waiting' WHERE function = 'end-call'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		l.hangUp()
		if ending, err := s.BeginEndCall(t.Context(), s.mustStart(t, interview.EndCall, l.id), l.id); err != nil || !ending.Skip {
			t.Errorf("a call that is over: %+v, %v", ending, err)
		}
	})
}
