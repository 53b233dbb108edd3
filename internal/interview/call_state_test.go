package interview

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

var dialTime = time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC)

// report is one status event, as Advance takes it.
type report struct {
	status   CallStatus
	sequence int
	at       time.Time
	duration *int
}

func seconds(n int) *int { return &n }

func advanceAll(call Call, reports []report) Call {
	for _, r := range reports {
		call.Advance(r.status, r.sequence, r.at, r.duration)
	}
	return call
}

// story is what Twilio tells of one call that ended so, with numbers or without.
func story(end CallStatus, numbered bool) []report {
	var reports []report
	statuses := []CallStatus{CallDialing, CallRinging, CallInProgress, end}
	if end != CallCompleted {
		statuses = []CallStatus{CallDialing, CallRinging, end}
	}
	for i, status := range statuses {
		r := report{status: status, sequence: NoSequence, at: dialTime.Add(time.Duration(i) * 10 * time.Second)}
		if numbered {
			r.sequence = i
		}
		if status == end {
			r.duration = seconds(42)
		}
		reports = append(reports, r)
	}
	return reports
}

func TestLateStatusDoesNotReviveAnEndedCall(t *testing.T) {
	for _, end := range []CallStatus{CallCompleted, CallBusy, CallNoAnswer, CallFailed, CallCanceled} {
		for _, numbered := range []bool{true, false} {
			reports := story(end, numbered)
			call := Call{Status: CallDialing, Sequence: NoSequence}
			for i := range reports {
				call = advanceAll(call, reports[len(reports)-1-i:][:1])
				if call.Status != end || call.Duration == nil || *call.Duration != 42 {
					t.Errorf("%s (numbered: %t): %s after the late %s", end, numbered, call.Status, reports[len(reports)-1-i].status)
				}
			}
			for _, other := range []CallStatus{CallCompleted, CallBusy, CallNoAnswer, CallFailed, CallCanceled, CallQueued, "", "nonsense"} {
				before := call
				if call.Advance(other, 99, dialTime.Add(-time.Hour), nil); call.Status != end {
					t.Errorf("%s replaced %s", other, end)
				}
				if other != end && !reflect.DeepEqual(call, before) {
					t.Errorf("%s after %s changed %+v to %+v", other, end, before, call)
				}
			}
		}
	}
}

func TestLateAnswerFillsTheStartOfACompletedCall(t *testing.T) {
	call := Call{Status: CallDialing, Sequence: NoSequence}
	call.Advance(CallCompleted, 3, dialTime.Add(time.Minute), seconds(50))
	if call.StartedAt != nil {
		t.Errorf("started at %v, and nobody said so", call.StartedAt)
	}
	if call.Advance(CallInProgress, 2, dialTime, nil) {
		t.Error("a late answer changed the status")
	}
	if call.StartedAt == nil || !call.StartedAt.Equal(dialTime) || call.Sequence != 3 {
		t.Errorf("started at %v, sequence %d", call.StartedAt, call.Sequence)
	}

	// Without a time of its own a late event has that of its arrival, after the end.
	call.StartedAt = nil
	call.Advance(CallInProgress, NoSequence, dialTime.Add(time.Hour), nil)
	if !call.StartedAt.Equal(*call.CompletedAt) {
		t.Errorf("started at %v, ended at %v", call.StartedAt, call.CompletedAt)
	}
}

func TestEndWithoutDurationGetsItFromItsDuplicate(t *testing.T) {
	call := Call{Status: CallInProgress, Sequence: 2}
	call.Advance(CallCompleted, NoSequence, dialTime.Add(time.Second), nil)
	call.Advance(CallBusy, 3, dialTime, seconds(7))
	if call.Duration != nil {
		t.Errorf("took the duration %d of another ending", *call.Duration)
	}
	call.Advance(CallCompleted, 3, dialTime, seconds(91))
	if call.Duration == nil || *call.Duration != 91 || call.Sequence != 3 || !call.CompletedAt.Equal(dialTime) {
		t.Errorf("left %+v", call)
	}
	call.Advance(CallCompleted, 3, dialTime, seconds(-1))
	call.Advance(CallCompleted, 3, dialTime, seconds(92))
	call.Advance(CallCompleted, 3, dialTime, seconds(91))
	if *call.Duration != 92 {
		t.Errorf("duration %d", *call.Duration)
	}
}

func TestOlderSequenceDoesNotMoveALiveCall(t *testing.T) {
	call := Call{Status: CallRinging, Sequence: 4}
	if call.Advance(CallInProgress, 3, dialTime, nil) {
		t.Error("an older number moved the call on")
	}
	if !call.Advance(CallInProgress, 5, dialTime, nil) || call.Sequence != 5 {
		t.Errorf("a newer number left %s (%d)", call.Status, call.Sequence)
	}
	if call.Advance(CallRinging, 6, dialTime, nil) {
		t.Error("the call went back")
	}
	if !call.Advance(CallCompleted, 0, dialTime, nil) {
		t.Error("an ending was ignored for its number")
	}
}

func TestAnyWordFromTwilioResolvesAnUnknownDial(t *testing.T) {
	for _, word := range []string{"queued", "initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"} {
		status, ok := CallStatusFromTwilio(word)
		for _, before := range []CallStatus{CallQueued, CallDialUnknown} {
			call := Call{Status: before, Sequence: NoSequence}
			if !ok || !call.Advance(status, 0, dialTime, nil) || call.Status != status {
				t.Errorf("%s left a %s call %s", word, before, call.Status)
			}
		}
	}
}

func TestTwiliosStatusWordsAreTranslatedExactly(t *testing.T) {
	for _, word := range []string{"", "Completed", "COMPLETED", "in_progress", "answered", " ringing"} {
		if status, ok := CallStatusFromTwilio(word); ok {
			t.Errorf("%q became %s", word, status)
		}
	}
}

func TestAnotherTwilioCallCannotTakeOver(t *testing.T) {
	call := Call{ID: "c"}
	if err := call.Bind("", ""); err == nil || errors.Is(err, ErrOtherCall) {
		t.Errorf("binding to nothing: %v", err)
	}
	for _, sids := range [][2]string{{"", "CA1"}, {"AC1", "CA1"}, {"", "CA1"}, {"AC1", "CA1"}} {
		if err := call.Bind(sids[0], sids[1]); err != nil {
			t.Errorf("binding to %q: %v", sids, err)
		}
	}
	bound := call
	for _, sids := range [][2]string{{"AC1", "CA2"}, {"", "CA2"}, {"AC2", "CA1"}, {"AC2", "CA2"}} {
		if err := call.Bind(sids[0], sids[1]); !errors.Is(err, ErrOtherCall) || !reflect.DeepEqual(call, bound) {
			t.Errorf("binding to %q: %v, left %+v", sids, err, call)
		}
	}
	dialed := Call{AccountSid: "AC1"} // the answer to the dial was lost
	if err := dialed.Bind("AC2", "CA1"); !errors.Is(err, ErrOtherCall) || dialed.TwilioSid != "" {
		t.Errorf("a foreign account's call was bound: %v", err)
	}
}

// Every order and repetition of a call's events, numbered or not or some of both, leaves the same call.
func FuzzAdvanceGivesTheSameCallInAnyOrder(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint8(seed), uint16(0b1011001110001111>>seed))
	}
	f.Fuzz(func(t *testing.T, seed uint64, end uint8, numbered uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		ends := []CallStatus{CallCompleted, CallBusy, CallNoAnswer, CallFailed, CallCanceled}
		reports := story(ends[int(end)%len(ends)], true)
		reports = append(reports, reports...)
		for i := range reports {
			if numbered>>i&1 == 0 {
				reports[i].sequence = NoSequence
			}
			if r.IntN(4) == 0 { // the twin that was stamped on arrival, or came without its duration
				reports[i].at = reports[i].at.Add(time.Duration(r.IntN(90)) * time.Second)
				reports[i].duration = nil
			}
		}
		start := Call{ID: "c", Status: CallDialing, Sequence: NoSequence}
		want := advanceAll(start, reports)
		for range 10 {
			r.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
			again := append(append([]report{}, reports...), reports[:r.IntN(len(reports))]...)
			if got := advanceAll(start, again); !reflect.DeepEqual(got, want) {
				t.Fatalf("the order %+v left %+v, not %+v", again, got, want)
			}
		}
	})
}

// Whatever is thrown at it, contradictions too: the rank never falls, and an end is final.
func FuzzAdvanceNeverGoesBack(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Fuzz(func(t *testing.T, steps []byte) {
		all := []CallStatus{CallQueued, CallDialing, CallDialUnknown, CallRinging, CallInProgress, CallCompleted, CallBusy,
			CallNoAnswer, CallFailed, CallCanceled, "", "nonsense"}
		call := Call{Status: CallQueued, Sequence: NoSequence}
		for i, step := range steps {
			before := call
			changed := call.Advance(all[int(step)%len(all)], int(step>>4)-2, dialTime.Add(time.Duration(step)*time.Second), seconds(i))
			if changed != (call.Status != before.Status) {
				t.Fatalf("%s to %s, reported as changed: %t", before.Status, call.Status, changed)
			}
			if call.Status.Rank() < before.Status.Rank() || before.Status.Terminal() && changed {
				t.Fatalf("%s became %s", before.Status, call.Status)
			}
			if call.StartedAt != nil && call.CompletedAt != nil && call.StartedAt.After(*call.CompletedAt) {
				t.Fatalf("started %v, after its end %v", call.StartedAt, call.CompletedAt)
			}
			if call.Status.Terminal() != (call.CompletedAt != nil) {
				t.Fatalf("%s call completed at %v", call.Status, call.CompletedAt)
			}
		}
	})
}
