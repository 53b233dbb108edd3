package stats

import (
	"bytes"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// CallerID counts the calls from one number of ours that Twilio placed and that ended in the time.
type CallerID struct {
	PhoneNumber string `json:"phoneNumber"`
	Calls       int    `json:"calls"`
	// Answered were picked up. AnswerRate is Answered of Calls (the answer-seizure ratio), null when there was none.
	Answered   int      `json:"answered"`
	AnswerRate *float64 `json:"answerRate"`
	// Short were answered and lasted less than ShortSeconds. ShortRate is Short of Answered.
	Short        int      `json:"short"`
	ShortRate    *float64 `json:"shortRate"`
	ShortSeconds int      `json:"shortSeconds"`
	// Machines were picked up by a machine. MachineRate is Machines of Answered.
	Machines    int      `json:"machines"`
	MachineRate *float64 `json:"machineRate"`
	// Attested counts the calls by their StirStatus; those that Twilio said nothing of are left out.
	Attested map[string]int `json:"attested"`
}

// CallerIDs are the rates of caller ids.
func CallerIDs(counted []store.CallerIDCalls) []CallerID {
	all := make([]CallerID, len(counted))
	for n, c := range counted {
		all[n] = CallerID{PhoneNumber: c.Number, Calls: c.Calls, Answered: c.Answered, AnswerRate: rate(c.Answered, c.Calls),
			Short: c.Short, ShortRate: rate(c.Short, c.Answered), ShortSeconds: int(interview.ShortCall.Seconds()),
			Machines: c.Machines, MachineRate: rate(c.Machines, c.Answered), Attested: c.Attested}
	}
	return all
}

func (r Report) writeCallerIDs(b *bytes.Buffer) {
	heading := "caller ids"
	for _, c := range r.CallerIDs {
		line(b, heading, "%s: %d calls, %d answered (%s); of those %d shorter than %d s (%s), %d machines (%s); attested: %s", c.PhoneNumber, c.Calls,
			c.Answered, percent(c.AnswerRate), c.Short, c.ShortSeconds, percent(c.ShortRate), c.Machines, percent(c.MachineRate), words(c.Attested))
		heading = ""
	}
	if heading == "" && r.Calls.Ended > r.CallerIDsOf {
		line(b, "", "of the newest %d calls that were dialled", r.CallerIDsOf)
	}
}
