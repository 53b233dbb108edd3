package store

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
)

// dialer makes the runs of orchestrate-call on a virtual clock as River does: by the time at which they are due, then in
// the order in which they were enqueued.
type dialer struct {
	*Store
	clock   *clock
	due     map[string]time.Time
	waiting []string
	dialled []string
	at      []time.Time
}

// step advances the clock to the next due run and makes its attempt.
func (d *dialer) step(t *testing.T) {
	t.Helper()
	slices.SortFunc(d.waiting, func(a, b string) int { return cmp.Or(d.due[a].Compare(d.due[b]), cmp.Compare(a, b)) })
	id := d.waiting[0]
	if wait := d.due[id].Sub(d.clock.Now()); wait > 0 {
		d.clock.Advance(wait)
	}
	run := d.mustStart(t, interview.OrchestrateCall, id)
	dial, err := d.BeginDial(t.Context(), run, id)
	if until, waits := jobs.WaitUntil(err); waits {
		d.due[id] = until
		if err := d.PostponeRun(t.Context(), run, jobs.Postponement{Until: until, Reason: err.Error()}); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err != nil || dial.State != interview.DialProceed {
		t.Fatalf("call %s: %v, %v", id, dial.State, err)
	}
	placed := interview.PlacedCall{Sid: "CA" + id, AccountSid: "AC1", Status: "queued"}
	if err := d.DialAccepted(t.Context(), run, id, placed); err != nil {
		t.Fatal(err)
	}
	d.waiting = d.waiting[1:]
	d.dialled = append(d.dialled, id)
	d.at = append(d.at, d.clock.Now())
}

func TestCallsStartedAtOnceAreDialledAtTheRateAndInOrder(t *testing.T) {
	const calls, atOnce = 30, "at once"
	orders := map[string]func([]string){
		atOnce:                  func([]string) {},
		"the other way round":   slices.Reverse[[]string],
		"a worker was faster":   func(ids []string) { ids[0], ids[1], ids[11], ids[12] = ids[1], ids[0], ids[12], ids[11] },
		"the second half first": func(ids []string) { copy(ids, append(slices.Clone(ids[calls/2:]), ids[:calls/2]...)) },
	}
	for name, disturb := range orders {
		t.Run(name, func(t *testing.T) {
			now := newClock()
			eachDatabase(t, Options{Now: now.Now}, func(t *testing.T, s *Store) {
				ids := seed(t, s, calls)
				d := dialer{Store: s, clock: now, due: map[string]time.Time{}, waiting: slices.Clone(ids)}
				disturb(d.waiting)
				for i, id := range d.waiting {
					d.due[id] = now.Now()
					if name != atOnce {
						d.due[id] = now.Now().Add(time.Duration(i) * time.Millisecond)
					}
				}
				for steps := 0; len(d.waiting) > 0; steps++ {
					if steps > 10*calls {
						t.Fatalf("%d calls wait for ever", len(d.waiting))
					}
					d.step(t)
				}
				for i := range d.at {
					if i >= 10 && d.at[i].Sub(d.at[i-10]) < time.Minute {
						t.Errorf("call %d is the eleventh within %s", i, d.at[i].Sub(d.at[i-10]))
					}
				}
				if took := d.at[calls-1].Sub(d.at[0]); took > 2*time.Minute+time.Second {
					t.Errorf("30 calls took %s, 10 a minute", took)
				}
				// Ten by ten in the order of creation; within a minute, as the workers came to them.
				if name != atOnce {
					for batch := range slices.Chunk(d.dialled, 10) {
						slices.Sort(batch)
					}
				}
				if !slices.Equal(d.dialled, ids) {
					t.Errorf("the order was not kept: %s", strings.Join(d.dialled, " "))
				}
			})
		})
	}
}

func TestDeadRunHoldsBackNoCall(t *testing.T) {
	now := newClock()
	eachDatabase(t, Options{Now: now.Now, DialsPerMinute: 2}, func(t *testing.T, s *Store) {
		ids := seed(t, s, 4)
		for _, id := range ids[:3] {
			if err := s.FailRun(t.Context(), s.mustStart(t, interview.OrchestrateCall, id), "no luck"); err != nil {
				t.Fatal(err)
			}
		}
		dial, err := s.BeginDial(t.Context(), s.mustStart(t, interview.OrchestrateCall, ids[3]), ids[3])
		if err != nil || dial.State != interview.DialProceed {
			t.Errorf("%v, %v", dial.State, err)
		}
	})
}

func TestTurnsNeitherOverlapNorLeaveGaps(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ago := func(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }
	for _, tc := range []struct {
		name    string
		dialled []time.Time
		want    []int // seconds from now for each waiting call, at 3 a minute
	}{
		{"nothing was dialled", nil, []int{0, 0, 0, 60, 60, 60, 120}},
		{"some are free", []time.Time{ago(20)}, []int{0, 0, 40, 60, 60, 100, 120}},
		{"none is free", []time.Time{ago(50), ago(30), ago(10)}, []int{10, 30, 50, 70, 90, 110, 130}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for before, want := range tc.want {
				if got := turn(tc.dialled, now, 3, before).Sub(now); got != time.Duration(want)*time.Second {
					t.Errorf("with %d before: in %s, want %d s", before, got, want)
				}
			}
		})
	}
}
