package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// Report is the result of a run: what was sent, how it was answered, and what is true of each call and message, to compare with
// what the application believes.
type Report struct {
	Seed     uint64 `json:"seed"`     // that of [Config]
	Webhooks int    `json:"webhooks"` // deliveries that arrived, duplicates and retries included
	Accepted int    `json:"accepted"` // answered 2xx
	Refused  int    `json:"refused"`  // answered otherwise, or not at all
	Dropped  int    `json:"dropped"`  // events of which no attempt arrived, on purpose

	Forged         int `json:"forged"`         // requests that a correct application refuses; counted nowhere else
	ForgedAccepted int `json:"forgedAccepted"` // of those, answered 2xx or 3xx

	Duplicates      int `json:"duplicates"`      // deliveries that repeat another
	Recognised      int `json:"recognised"`      // of those, called duplicates by the application
	Reordered       int `json:"reordered"`       // delivered after later ones
	Retries         int `json:"retries"`         // attempts that a URL's retry policy asked for
	Unrecognised    int `json:"unrecognised"`    // duplicates answered 2xx of which no copy was called a duplicate
	FalseDuplicates int `json:"falseDuplicates"` // first deliveries of a new event, called duplicates
	Mismatches      int `json:"mismatches"`      // duplicates of TwiML requests with another answer than the first

	Faults map[Fault]int `json:"faults"` // how often each happened
	Broken []Violation   `json:"broken"` // empty for an application that survived

	Calls      map[string]int  `json:"calls"`              // by true final status
	Recordings int             `json:"recordings"`         // how many there are
	Debugger   []DebuggerEntry `json:"debugger,omitempty"` // as [Simulator.Debugger]
	Truths     []Truth         `json:"truths"`             // as [Simulator.Truths]
	Messages   []MessageTruth  `json:"messages,omitempty"` // as [Simulator.MessageTruths]
}

// Truth is what really happened on a call.
type Truth struct {
	CallSid  string  `json:"callSid"`
	To       string  `json:"to"`       // the number of the person (E.164), also of a call that they made
	From     string  `json:"from"`     // the number of the account
	Script   string  `json:"script"`   // its Name
	Status   string  `json:"status"`   // of the REST API; final once Wait has returned
	Duration int     `json:"duration"` // seconds since the answer
	Consent  Consent `json:"consent"`  // what the person meant and the application heard of
	// OptedOut says that the person never wants to be called again, and that the application heard of it.
	OptedOut  bool   `json:"optedOut,omitempty"`
	Direction string `json:"direction"` // outbound-api, or inbound for a person who called
	// Created is when the call was asked for, Started when it was dialled and Ended when it was over; the last two are zero before.
	Created    time.Time        `json:"created"`
	Started    time.Time        `json:"started,omitzero"`
	Ended      time.Time        `json:"ended,omitzero"`
	AnsweredBy string           `json:"answeredBy,omitempty"` // the result of machine detection
	Recordings []RecordingTruth `json:"recordings,omitempty"` // those that the application asked for
	// Unasked are the recordings that the application did not ask for.
	Unasked []RecordingTruth `json:"unasked,omitempty"`
	Lines   []Line           `json:"lines,omitempty"` // in the order in which they began
}

// RecordingTruth is a recording of a call.
type RecordingTruth struct {
	Sid           string        `json:"sid"`
	Status        string        `json:"status"`                  // of the REST API
	Length        time.Duration `json:"length"`                  // in virtual time
	Channels      int           `json:"channels"`                // 1 or 2
	PersonChannel int           `json:"personChannel,omitempty"` // 1 or 2; 0 when both sides are mixed
	Agent         []string      `json:"agent,omitempty"`         // what speech-to-text hears of each side
	Person        []string      `json:"person,omitempty"`
}

// Deliveries is the log: each attempt to deliver a webhook. Those of one call are in the order in which they
// were made, which depends on the seed alone; how the calls are interleaved depends on the scheduler.
func (s *Simulator) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Truths lists what is true of every call so far, in the order of their creation.
func (s *Simulator) Truths() []Truth {
	s.mu.Lock()
	defer s.mu.Unlock()
	truths := make([]Truth, 0, len(s.calls))
	for _, c := range s.calls {
		truths = append(truths, c.truth())
	}
	return truths
}

// event names what all deliveries of one request have in common.
type event struct {
	sid     string // of a call or a message
	ordinal int
}

// Report sums up the run so far.
func (s *Simulator) Report() Report {
	rep := Report{Seed: s.config.Seed, Calls: map[string]int{}, Debugger: s.Debugger(), Truths: s.Truths(), Messages: s.MessageTruths(),
		Faults: map[Fault]int{}, Broken: []Violation{}}
	for _, t := range rep.Truths {
		rep.Calls[t.Status]++
		rep.Recordings += len(t.Recordings)
	}
	s.mu.Lock()
	for fault, n := range s.counts {
		rep.Faults[fault] = n
	}
	for rule, repeats := range s.repeats {
		for _, repeat := range repeats {
			rep.breakRule(rule, repeat)
		}
	}
	s.mu.Unlock()
	copies, order := map[event][]Delivery{}, []event{}
	marks := s.config.MarksDuplicates
	for _, d := range s.Deliveries() {
		rep.count(d)
		marks = marks || d.Duplicate
		if d.Fault.forged() {
			continue
		}
		e := event{d.sid(), d.Ordinal}
		if _, known := copies[e]; !known {
			order = append(order, e)
		}
		copies[e] = append(copies[e], d)
	}
	for _, e := range order {
		rep.judge(copies[e], marks)
	}
	rep.sortBroken()
	return rep
}

// count adds one delivery.
func (rep *Report) count(d Delivery) {
	if d.Fault != FaultNone {
		rep.Faults[d.Fault]++
	}
	for _, fault := range d.Also {
		rep.Faults[fault]++
	}
	if d.Fault.forged() {
		rep.Forged++
		switch d.Status / 100 {
		case 2, 3:
			rep.ForgedAccepted++
			rep.breakRule(RuleForgedAccepted, d.short())
		case 5:
			rep.breakRule(RuleForgedUnrefused, d.short())
		}
		return
	}
	if d.Attempt > 0 {
		rep.Retries++
	}
	if !d.arrived() {
		return
	}
	rep.Webhooks++
	if d.Status/100 == 2 {
		rep.Accepted++
	} else {
		rep.Refused++
	}
	if d.Fault.repeats() {
		rep.Duplicates++
	}
	if d.Fault == FaultReorder {
		rep.Reordered++
	}
}

// judge compares the deliveries of one event. All accepted copies of a TwiML request must get the same bytes as the first, and
// exactly one copy must be taken for new; between concurrent ones the application may choose. marks says whether the
// application marks duplicates: else it is not known whether it took one for new.
func (rep *Report) judge(all []Delivery, marks bool) {
	all = slices.DeleteFunc(slices.Clone(all), func(d Delivery) bool { return !d.arrived() })
	if len(all) == 0 {
		rep.Dropped++
		return
	}
	accepted := slices.DeleteFunc(slices.Clone(all), func(d Delivery) bool { return d.Status/100 != 2 })
	answered := slices.ContainsFunc(accepted, func(d Delivery) bool { return !d.Fault.repeats() })
	late := func(d Delivery) bool { return d.TimedOut && !(answered && d.Fault.repeats()) } // nobody waits for the answer to a copy
	if slow := slices.IndexFunc(all, late); slow >= 0 && !answeredLater(all[slow:]) {
		rep.breakRule(RuleTooSlow, all[slow].short())
	}
	if len(accepted) == 0 {
		rep.breakRule(RuleUnanswered, all[len(all)-1].short())
		return
	}
	fresh, repeated := 0, 0
	for _, d := range accepted {
		if !d.Duplicate {
			fresh++
		}
		if d.Fault.repeats() {
			repeated++
		}
		if d.Kind.chained() && d.Body != accepted[0].Body {
			rep.Mismatches++
			rep.breakRule(RuleAnswersDiffer, d.short())
		}
	}
	rep.Recognised += min(len(accepted)-fresh, repeated)
	if fresh > 1 {
		rep.Unrecognised += fresh - 1
		if marks {
			rep.breakRule(RuleTakenTwice, accepted[len(accepted)-1].short())
		}
	}
	// Only a request that reached the application once, and whose URL is for this event alone, can tell.
	if fresh == 0 && len(all) == len(accepted) && all[0].Kind.ownURL() {
		rep.FalseDuplicates++
		rep.breakRule(RuleFalseDuplicate, all[0].short())
	}
}

// answeredLater says whether a retry of the first delivery of the list was answered in time.
func answeredLater(all []Delivery) bool {
	return slices.ContainsFunc(all, func(d Delivery) bool { return d.Attempt > all[0].Attempt && d.Status/100 == 2 })
}

// truth is what is known of the call; the caller holds mu.
func (c *call) truth() Truth {
	t := Truth{CallSid: c.sid, To: c.to, From: c.from, Script: c.state.script.Name, Status: c.status, Duration: c.seconds(),
		Consent: c.consent, OptedOut: c.optedOut, Direction: c.direction(), Created: c.created, Started: c.started, Ended: c.ended, AnsweredBy: c.answeredBy, Lines: slices.Clone(c.lines)}
	slices.SortStableFunc(t.Lines, func(a, b Line) int { return a.start.Compare(b.start) })
	for _, r := range c.recordings {
		rt := RecordingTruth{Sid: r.sid, Status: r.status, Length: r.length(), Channels: r.order.channels}
		if r.order.channels == 2 {
			rt.PersonChannel = c.person
		}
		if r.status != "absent" && r.status != "failed" {
			rt.Agent, rt.Person = r.texts(Agent), r.texts(Person)
		}
		if r.order.unasked {
			t.Unasked = append(t.Unasked, rt)
		} else {
			t.Recordings = append(t.Recordings, rt)
		}
	}
	return t
}

// texts are the lines of one side that the recording holds, as speech-to-text hears them.
func (r *recording) texts(speaker Speaker) []string {
	var texts []string
	for _, line := range r.heard(speaker) {
		g := segment{}
		for _, w := range line.words {
			g.words = append(g.words, timedWord{Word: w.text})
		}
		texts = append(texts, g.text())
	}
	return texts
}

// saysDuplicate says whether the application marked its answer as one to a duplicate: the header X-Webhook-Duplicate: true, or
// "duplicate": true in a JSON body.
func saysDuplicate(header http.Header, body string) bool {
	if header.Get("X-Webhook-Duplicate") == "true" {
		return true
	}
	var answer struct {
		Duplicate bool `json:"duplicate"`
	}
	return json.Unmarshal([]byte(body), &answer) == nil && answer.Duplicate
}
