package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/i-agent/iagent/simulator"
)

// Judge holds what i-agent says of a campaign that is over against what the simulated Twilio knows to be true.
type Judge struct {
	API    *Client
	Twilio *simulator.Simulator
	// UnknownDials allows DIAL_UNKNOWN for a call that rang at nobody's: its process died after its intent, and nobody asks
	// Twilio about it.
	UnknownDials bool
	// Events holds the events that took effect against those that were sent. It is not for a Twilio that loses webhooks.
	Events bool
	// Claims, if set, is how many claims a call must come to.
	Claims func(simulator.Truth) int
	// Excused are rules of the simulator that may be broken.
	Excused []string
}

// Verdict is what a campaign came to.
type Verdict struct {
	Report     simulator.Report
	Calls      []Call
	Events     int // webhooks, however often each was sent
	Unanswered int // of those, never answered 2xx
	GivenUp    int // calls that Twilio ended because no request for their TwiML was answered
	Unknown    int // calls that are DIAL_UNKNOWN, and rang at nobody's
	Faults     []Fault
}

// Fault is something that was lost or doubled.
type Fault struct {
	// Rule names what was broken: one of the simulator's rules, or calls, called-twice, never-called, failed-run, status, sid,
	// events, consent, recordings, transcript or claims.
	Rule    string
	Doubled bool
	Text    string
}

func (f Fault) String() string { return f.Rule + ": " + f.Text }

// event names what all deliveries of one webhook have in common.
type event struct {
	callSid string
	ordinal int
}

// Unanswered are the CallSids of calls that lack a webhook: Twilio sent it as often as its URL asks, and nobody answered with 2xx.
func Unanswered(all []simulator.Delivery) map[string]bool {
	sids := map[string]bool{}
	for e, of := range answers(all) {
		if !of.accepted {
			sids[e.callSid] = true
		}
	}
	return sids
}

// Judge judges the calls with these ids.
func (j Judge) Judge(ctx context.Context, ids []string) (*Verdict, error) {
	v := &Verdict{Report: j.Twilio.Report(), Calls: make([]Call, len(ids))}
	dead, err := j.API.Runs(ctx, "failed")
	if err != nil {
		return nil, err
	}
	for _, run := range dead {
		v.fault("failed-run", false, "%s", run)
	}
	if err := j.readCalls(ctx, v, ids); err != nil {
		return nil, err
	}
	sent, givenUp := v.countDeliveries(j.Twilio.Deliveries())
	j.judgeBroken(v, givenUp)
	truths := map[string][]simulator.Truth{}
	for _, t := range v.Report.Truths {
		truths[t.To] = append(truths[t.To], t)
	}
	calls := map[string]int{} // a contact may be called again
	for _, call := range v.Calls {
		calls[call.PhoneNumber]++
	}
	accepted := 0
	for _, call := range v.Calls {
		accepted += call.Outcomes()["accepted"]
		dialled := truths[call.PhoneNumber]
		twice := len(dialled) > calls[call.PhoneNumber]
		if !twice && calls[call.PhoneNumber] > 1 {
			dialled = slices.DeleteFunc(slices.Clone(dialled), func(t simulator.Truth) bool { return t.CallSid != call.TwilioSid })
		}
		switch {
		case twice:
			v.fault("called-twice", true, "call %s was placed %d times", call.ID, len(dialled))
		case len(dialled) == 1:
			truth := dialled[0]
			for _, fault := range call.Against(truth) {
				// What a person said is not known to anybody when the request with it was never answered.
				if fault.Rule != "consent" || !givenUp[truth.CallSid] {
					v.Faults = append(v.Faults, fault)
				}
			}
			j.judgeCounts(v, call, truth, sent[truth.CallSid])
		case call.Status == "DIAL_UNKNOWN" && j.UnknownDials:
			v.Unknown++
		default:
			v.fault("never-called", false, "call %s is %s and was never placed", call.ID, call.Status)
		}
	}
	return v, j.judgeEvents(ctx, v, accepted)
}

func (v *Verdict) fault(rule string, doubled bool, format string, args ...any) {
	v.Faults = append(v.Faults, Fault{rule, doubled, fmt.Sprintf(format, args...)})
}

// readCalls asks for several calls at a time: there may be thousands.
func (j Judge) readCalls(ctx context.Context, v *Verdict, ids []string) error {
	var (
		asking sync.WaitGroup
		queue  = make(chan int)
		failed = make([]error, 4)
	)
	for worker := range failed {
		asking.Go(func() {
			for n := range queue {
				var err error
				if v.Calls[n], err = j.API.Call(ctx, ids[n]); err != nil {
					failed[worker] = err
				}
			}
		})
	}
	for n := range ids {
		queue <- n
	}
	close(queue)
	asking.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// answered is what came of all deliveries of one webhook.
type answered struct {
	accepted   bool // one of them was answered with 2xx
	wantsTwiML bool // the call goes on with the answer
	getsTwiML  bool // and does: the answer to a copy of the request is not heard
}

func answers(all []simulator.Delivery) map[event]answered {
	of := map[event]answered{}
	for _, d := range all {
		copied := false
		switch d.Fault {
		case simulator.FaultWrongToken, simulator.FaultTampered, simulator.FaultHTTPForHTTPS, simulator.FaultQuerySorted, simulator.FaultFlood:
			continue // forged
		case simulator.FaultDuplicate, simulator.FaultTwin, simulator.FaultEcho:
			copied = true
		}
		e, ok := event{d.CallSid, d.Ordinal}, d.Status/100 == 2
		a := of[e]
		a.accepted = a.accepted || ok
		a.wantsTwiML = d.Kind == simulator.KindVoice || d.Kind == simulator.KindGather || d.Kind == simulator.KindRedirect
		a.getsTwiML = a.getsTwiML || ok && !copied && d.Failure == "" // an answer can be lost
		of[e] = a
	}
	return of
}

// countDeliveries returns how many webhooks were sent of each call, and the calls of which a request for TwiML was not answered.
func (v *Verdict) countDeliveries(all []simulator.Delivery) (sent map[string]int, givenUp map[string]bool) {
	sent, givenUp = map[string]int{}, map[string]bool{}
	events := answers(all)
	for e, of := range events {
		sent[e.callSid]++
		if !of.accepted {
			v.Unanswered++
		}
		if of.wantsTwiML && !of.getsTwiML {
			givenUp[e.callSid] = true
		}
	}
	v.Events, v.GivenUp = len(events), len(givenUp)
	return sent, givenUp
}

// judgeBroken takes over what the simulator found broken.
func (j Judge) judgeBroken(v *Verdict, givenUp map[string]bool) {
	for _, broken := range v.Report.Broken {
		if slices.Contains(j.Excused, broken.Rule) {
			continue
		}
		if broken.Rule == simulator.RuleDebuggerErrors {
			v.judgeDebugger(givenUp)
			continue
		}
		v.fault(broken.Rule, broken.Rule == simulator.RuleTakenTwice || broken.Rule == simulator.RuleCalledTwice,
			"%d times: %s, such as %s", broken.Count, broken.Meaning, strings.Join(broken.Examples, "; "))
	}
}

// judgeDebugger takes over the errors in Twilio's Debugger, but for those that follow from requests for TwiML that nobody answered, which
// are a rule of their own.
func (v *Verdict) judgeDebugger(givenUp map[string]bool) {
	for _, e := range v.Report.Debugger {
		if e.Level == "error" && e.Fault == simulator.FaultNone && !givenUp[e.CallSid] {
			v.fault(simulator.RuleDebuggerErrors, false, "call %s: %d %s (%s)", e.CallSid, e.Code, e.Message, e.URL)
		}
	}
}

// judgeCounts holds what is counted of a call against how often it happened.
func (j Judge) judgeCounts(v *Verdict, call Call, truth simulator.Truth, sent int) {
	if accepted := call.TookEffect(); j.Events && accepted != sent {
		v.fault("events", accepted > sent, "call %s (%s): %d events were sent, %d took effect: %v", call.ID, truth.CallSid, sent, accepted, call.Events)
	}
	if j.Claims == nil {
		return
	}
	if want := j.Claims(truth); len(call.Claims) != want {
		v.fault("claims", len(call.Claims) > want, "call %s (%s): %d claims were to be made, %d are known", call.ID, truth.CallSid, want, len(call.Claims))
	}
}

// judgeEvents finds events that took effect and belong to none of the calls.
func (j Judge) judgeEvents(ctx context.Context, v *Verdict, ofCalls int) error {
	if !j.Events {
		return nil
	}
	ids, err := j.API.IDs(ctx, "/api/webhooks?outcome=accepted")
	if err == nil && len(ids) != ofCalls {
		v.fault("events", len(ids) > ofCalls, "%d events took effect, %d of them on these calls", len(ids), ofCalls)
	}
	return err
}

// Against holds what is said of the call against what is true of it.
func (c Call) Against(truth simulator.Truth) (faults []Fault) {
	fault := func(rule string, doubled bool, format string, args ...any) {
		text := fmt.Sprintf("call %s (%s, %s): ", c.ID, truth.CallSid, truth.Script) + fmt.Sprintf(format, args...)
		faults = append(faults, Fault{rule, doubled, text})
	}
	if want := strings.ToUpper(strings.ReplaceAll(truth.Status, "-", "_")); c.Status != want {
		fault("status", false, "is %s, in truth %s; its history: %v", c.Status, want, c.History)
	}
	if c.TwilioSid != truth.CallSid {
		fault("sid", false, "is bound to %q", c.TwilioSid)
	}
	if c.Consented() != (truth.Consent == simulator.ConsentYes) {
		fault("consent", false, "consent is %v, in truth %q", c.Consented(), truth.Consent)
	}
	known, made := len(c.Recordings), len(truth.Recordings)
	for _, recording := range c.Recordings {
		if slices.ContainsFunc(truth.Unasked, func(r simulator.RecordingTruth) bool { return r.Sid == recording.Sid }) {
			known--
		}
	}
	if known != made {
		fault("recordings", known > made, "%d recordings are known, %d were made", known, made)
	}
	var said, heard []string
	for _, recording := range truth.Recordings {
		said = append(said, recording.Person...)
	}
	for _, u := range c.Utterances {
		if u.Speaker == "callee" {
			heard = append(heard, u.Text)
		}
	}
	slices.Sort(said)
	slices.Sort(heard)
	if !slices.Equal(said, heard) {
		fault("transcript", len(heard) > len(said), "%q was said, the transcript has %q", said, heard)
	}
	return faults
}
