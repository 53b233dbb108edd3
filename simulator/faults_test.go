package simulator

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// rough is a run of many calls with duplicates and reorders.
func rough(t *testing.T, calls int, config Config) *fixture {
	t.Helper()
	config.Faults = Faults{Duplicate: 0.4, Reorder: 0.4}
	r := newFixture(t, config)
	var placed sync.WaitGroup
	for i := range calls {
		placed.Go(func() { r.call(t, fmt.Sprintf("+1555777%04d", i)) })
	}
	placed.Wait()
	r.wait(t)
	return r
}

// story is a log without what the clock, the ports and the scheduler decide.
func story(t *testing.T, r *fixture) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, d := range r.sim.Deliveries() {
		d.Latency, d.Signature = 0, ""
		if d.Fault == FaultTwin {
			d.Duplicate, d.Fault = false, FaultTwin // which of two twins was first is up to the application
		}
		d.Duplicate = false
		text := asJSON(t, d)
		text = strings.NewReplacer(r.app.url, "APP", r.api.URL, "API").Replace(text)
		out[d.To] = append(out[d.To], text)
	}
	return out
}

func TestSameSeedPlaysSameRun(t *testing.T) {
	a := story(t, rough(t, 30, Config{Seed: 7}))
	b := story(t, rough(t, 30, Config{Seed: 7, Concurrency: 3}))
	for to := range a {
		if !slices.Equal(a[to], b[to]) {
			t.Fatalf("calls to %s differ:\n%s\n%s", to, strings.Join(a[to], "\n"), strings.Join(b[to], "\n"))
		}
	}
	c := story(t, rough(t, 30, Config{Seed: 8}))
	same := 0
	for to := range a {
		if slices.Equal(a[to], c[to]) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d calls are the same with another seed", same)
	}
}

func TestAnotherRunHasOtherNamesForTheSameCalls(t *testing.T) {
	a, b := rough(t, 10, Config{Seed: 7}), rough(t, 10, Config{Seed: 7, Run: "again"})
	byNumber := func(r *fixture) map[string]Truth {
		out := map[string]Truth{}
		for _, truth := range r.sim.Truths() {
			out[truth.To] = truth
		}
		return out
	}
	second := byNumber(b)
	for to, first := range byNumber(a) {
		again := second[to]
		if first.CallSid == again.CallSid || first.Script != again.Script || first.Status != again.Status || first.Duration != again.Duration {
			t.Errorf("%s: %+v and %+v", to, first, again)
		}
	}
}

func TestFaultsBehaveAsDocumented(t *testing.T) {
	r := rough(t, 60, Config{Seed: 3})
	seen := map[Fault]int{}
	type event struct {
		call    string
		ordinal int
	}
	first, last := map[event]Delivery{}, map[string]int{}
	overtaken := 0
	for _, d := range r.sim.Deliveries() {
		seen[d.Fault]++
		e := event{d.CallSid, d.Ordinal}
		original, known := first[e]
		if d.Fault.repeats() {
			if !known {
				t.Fatalf("a duplicate before its original: %+v", d)
			}
			if d.Token != original.Token || d.Signature != original.Signature || d.Params.Encode() != original.Params.Encode() || d.URL != original.URL {
				t.Errorf("a duplicate that is another request:\n%+v\n%+v", original, d)
			}
			continue
		}
		if known {
			t.Errorf("delivered twice without a fault: %+v", d)
		}
		first[e] = d
		if d.Fault == FaultReorder {
			if d.Kind.chained() {
				t.Errorf("a TwiML request out of order: %+v", d)
			}
			if d.Ordinal < last[d.CallSid] {
				overtaken++
			}
		} else if d.Ordinal < last[d.CallSid] {
			t.Errorf("out of order without a fault: %+v", d)
		}
		last[d.CallSid] = max(last[d.CallSid], d.Ordinal)
	}
	for _, fault := range []Fault{FaultDuplicate, FaultTwin, FaultEcho, FaultReorder} {
		if seen[fault] < 10 {
			t.Errorf("%d deliveries with %q", seen[fault], fault)
		}
	}
	if overtaken < seen[FaultReorder]*8/10 {
		t.Errorf("of %d reordered callbacks %d were overtaken", seen[FaultReorder], overtaken)
	}
	rep := r.sim.Report()
	if rep.Duplicates != seen[FaultDuplicate]+seen[FaultTwin]+seen[FaultEcho] || rep.Reordered != seen[FaultReorder] || rep.Webhooks != len(r.sim.Deliveries()) {
		t.Errorf("the report counts otherwise: %+v", rep)
	}
	if rep.Recognised != rep.Duplicates || rep.Unrecognised+rep.FalseDuplicates+rep.Mismatches+rep.Refused != 0 {
		t.Errorf("a careful application is reported as careless: recognised %d of %d, %d %d %d %d",
			rep.Recognised, rep.Duplicates, rep.Unrecognised, rep.FalseDuplicates, rep.Mismatches, rep.Refused)
	}
}

func TestNoFaultsWithoutRates(t *testing.T) {
	r := newFixture(t, Config{Seed: 3})
	for i := range 20 {
		r.call(t, fmt.Sprintf("+1555777%04d", i))
	}
	r.wait(t)
	if rep := r.sim.Report(); rep.Duplicates+rep.Reordered+rep.Retries != 0 || len(rep.Truths) != 20 {
		t.Errorf("%+v", rep)
	}
}

func TestReportCatchesACarelessApplication(t *testing.T) {
	everything := func(string, int) Script { return Consents() }
	var mu sync.Mutex
	for name, test := range map[string]struct {
		broken func(n int, w http.ResponseWriter, r *http.Request) bool
		caught func(Report) int
	}{
		"TwiML that differs for a duplicate": {func(n int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/voice" {
				return false
			}
			w.Header().Set("Content-Type", "text/xml")
			fmt.Fprintf(w, "<Response><!-- %d --></Response>", n)
			return true
		}, func(rep Report) int { return rep.Mismatches }},
		"duplicates taken for new": {func(n int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/status" {
				return false
			}
			io.WriteString(w, `{"success":true}`)
			return true
		}, func(rep Report) int { return rep.Unrecognised }},
		"new events taken for duplicates": {func(n int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/status" || r.PostFormValue("CallStatus") != "completed" {
				return false
			}
			io.WriteString(w, `{"success":true,"duplicate":true}`)
			return true
		}, func(rep Report) int { return rep.FalseDuplicates }},
	} {
		r := newFixture(t, Config{Seed: 3, Pick: everything, Faults: Faults{Duplicate: 0.5}})
		n := 0
		r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			n++
			return test.broken(n, w, request)
		}
		for i := range 10 {
			r.call(t, fmt.Sprintf("+1555777%04d", i))
		}
		r.wait(t)
		if rep := r.sim.Report(); test.caught(rep) == 0 {
			t.Errorf("%s: not caught", name)
		}
	}
}

func TestDebuggerSaysWhyACopysAnswerCannotBeRead(t *testing.T) {
	r := newFixture(t, Config{Seed: 3, Faults: Faults{Duplicate: 1}, Pick: func(string, int) Script { return Consents() }})
	r.app.broken = func(w http.ResponseWriter, request *http.Request) bool {
		if request.URL.Path != "/voice" {
			return false
		}
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Content-Length", "1000") // more than comes
		io.WriteString(w, "<Response>")
		return true
	}
	for i := range 5 {
		r.call(t, fmt.Sprintf("+1555777%04d", i))
	}
	r.wait(t)
	repeated := 0
	for _, e := range r.sim.Debugger() {
		if strings.Contains(e.Message, "text/xml") {
			t.Errorf("%d: %s", e.Code, e.Message)
		}
		if strings.Contains(e.Message, "repeated request: no TwiML: status 200 unexpected EOF") {
			repeated++
		}
	}
	if repeated == 0 {
		t.Errorf("no repeated request in %+v", r.sim.Debugger())
	}
}

func TestConfigurationFaultsAreNamedAtOnce(t *testing.T) {
	_, err := New(Config{Faults: Faults{Duplicate: 1.5, Reorder: -1}, Speed: -1})
	for _, want := range []string{"AccountSid", "AuthToken", "Faults.Duplicate", "Faults.Reorder", "Speed"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestCloseCutsCallsShort(t *testing.T) {
	r := newFixture(t, Config{Pick: func(string, int) Script { return Silent() }, Speed: 0.001})
	r.call(t, "+15557770001")
	closed := make(chan error)
	go func() { closed <- r.sim.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting for the call")
	}
	if err := r.sim.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if p := r.sim.Progress(); p.Calls != 1 || p.Ended != 1 {
		t.Errorf("progress %+v", p)
	}
}
