package program

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/i-agent/iagent/simulator"
)

// Judge holds what the program says of the calls that were placed against what the simulator knows to be true, and
// returns a line for each thing that was lost or doubled. Its answers are final only once the work is over: see [Stage.Open].
//
// A call of which nobody can know whether it was placed, because the program died between its intent and Twilio's answer,
// may be DIAL_UNKNOWN, as long as no phone rang.
func (st *Stage) Judge(api API, placed []Call) ([]string, error) {
	report := st.Report()
	var faults []string
	for _, v := range report.Broken {
		faults = append(faults, fmt.Sprintf("%d times: %s, such as %s", v.Count, v.Meaning, strings.Join(v.Examples, "; ")))
	}
	dead, err := runs(api, "failed")
	if err != nil {
		return nil, err
	}
	for _, run := range dead {
		faults = append(faults, fmt.Sprintf("lost: %s", run))
	}
	truths := map[string][]simulator.Truth{}
	for _, t := range report.Truths {
		truths[t.To] = append(truths[t.To], t)
	}
	sent := map[string]map[int]bool{}
	for _, d := range st.Deliveries() {
		if sent[d.CallSid] == nil {
			sent[d.CallSid] = map[int]bool{}
		}
		sent[d.CallSid][d.Ordinal] = true
	}
	for _, p := range placed {
		call, err := api.LookUp(p.ID)
		if err != nil {
			return nil, err
		}
		switch rung := truths[call.PhoneNumber]; {
		case len(rung) == 1:
			faults = append(faults, judgeCall(call, rung[0], len(sent[rung[0].CallSid]))...)
		case len(rung) > 1:
			faults = append(faults, fmt.Sprintf("doubled: %s was called %d times", call.PhoneNumber, len(rung)))
		case call.Status != "DIAL_UNKNOWN":
			faults = append(faults, fmt.Sprintf("lost: call %s is %s, but no phone rang: %v", call.ID, call.Status, call.History))
		}
	}
	return faults, nil
}

func judgeCall(call Call, truth simulator.Truth, sent int) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("call %s (%s, %s): ", call.ID, call.TwilioSid, truth.Script)+fmt.Sprintf(format, args...))
	}
	if want := strings.ToUpper(strings.ReplaceAll(truth.Status, "-", "_")); call.Status != want {
		fault("lost: is %s, in truth %s; history %v", call.Status, want, call.History)
	}
	if call.TwilioSid != truth.CallSid {
		fault("lost: is bound to %q, in truth to %q", call.TwilioSid, truth.CallSid)
	}
	if accepted := call.Outcomes()["accepted"]; accepted != sent {
		fault("lost or doubled: %d events were sent, %d took effect: %v", sent, accepted, call.Events)
	}
	consented := call.ConsentGiven != nil && *call.ConsentGiven
	if consented != (truth.Consent == simulator.ConsentYes) {
		fault("lost: consent is %v, in truth %q", consented, truth.Consent)
	}
	if len(call.Recordings) != len(truth.Recordings) {
		fault("lost or doubled: %d recordings are known, in truth %d", len(call.Recordings), len(truth.Recordings))
	}
	var said, heard []string
	claims := 0
	for _, recording := range truth.Recordings {
		if said = append(said, recording.Person...); len(recording.Person) > 0 {
			claims++
		}
	}
	for _, u := range call.Utterances {
		if u.Speaker == "callee" {
			heard = append(heard, u.Text)
		}
	}
	slices.Sort(said)
	slices.Sort(heard)
	if !slices.Equal(said, heard) {
		fault("lost or doubled: %q was said, the transcript has %q", said, heard)
	}
	if len(call.Claims) != claims {
		fault("lost or doubled: %d claims were to be made, %d are known", claims, len(call.Claims))
	}
	return faults
}

// Open says what is not over yet: calls under way, and runs that wait or are running, but for those of the functions to
// be ignored. Nil means that all is done.
func (st *Stage) Open(api API, placed []Call, ignored ...string) error {
	if now := st.Progress(); now.Ended < now.Calls {
		return fmt.Errorf("%d of %d calls are over", now.Ended, now.Calls)
	}
	if err := openRuns(api, ignored); err != nil {
		return err
	}
	for _, p := range placed {
		switch call, err := api.LookUp(p.ID); {
		case err != nil:
			return err
		case slices.Contains([]string{"QUEUED", "DIALING", "RINGING", "IN_PROGRESS"}, call.Status):
			return fmt.Errorf("call %s is %s: %v", call.ID, call.Status, call.History)
		}
	}
	return nil
}

// openRuns looks at the ledger several times, for it sees one state at a time: a run may end, and start the next one,
// between two looks, but then there is a newer run than before.
func openRuns(api API, ignored []string) error {
	newest := ""
	for n, state := range []string{"", "waiting", "running", "waiting", ""} {
		list, err := runs(api, state)
		if err != nil {
			return err
		}
		if state == "" {
			if len(list) == 0 {
				return errors.New("there are no runs yet")
			}
			if n > 0 && list[0].ID != newest {
				return errors.New("there are new runs")
			}
			newest = list[0].ID
			continue
		}
		for _, run := range list {
			if !slices.Contains(ignored, run.Function) {
				return fmt.Errorf("among %d open runs, %s", len(list), run)
			}
		}
	}
	return nil
}

// run is an entry of the ledger.
type run struct {
	ID, Function, Key, State string
	Attempts                 int
	LastError                *string
}

func (r run) String() string {
	text := fmt.Sprintf("%s %s is %s after %d attempts", r.Function, r.Key, r.State, r.Attempts)
	if r.LastError != nil {
		text += ": " + *r.LastError
	}
	return text
}

// runs lists the newest runs in a state; "" is any.
func runs(api API, state string) ([]run, error) {
	var list struct {
		Items []run `json:"items"`
	}
	err := api.Get("/api/runs?limit=200&state="+state, &list)
	return list.Items, err
}
