package simulator

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const apiVersion = "2010-04-01"

// callKey names a call in the same way in every run: by the number, and how often that was called before.
func callKey(to string, n int) string { return fmt.Sprintf("%s#%d", to, n) }

// rfc2822 is how Twilio writes dates.
func rfc2822(t time.Time) string { return t.UTC().Format(time.RFC1123Z) }

// callParams are the 25 parameters that every request about a call carries, with Twilio's empty values and the
// legacy names Called* and Caller* (Twilio: TwiML voice request).
func (c *call) callParams(status string) url.Values {
	p := url.Values{}
	p.Set("AccountSid", c.sim.config.AccountSid)
	p.Set("ApiVersion", apiVersion)
	p.Set("CallSid", c.sid)
	p.Set("CallStatus", status)
	p.Set("Direction", c.direction())
	to, from := c.to, c.from
	if c.inbound {
		to, from = from, to
	}
	for _, side := range []struct{ names, number string }{{"To Called", to}, {"From Caller", from}} {
		for _, name := range strings.Fields(side.names) {
			p.Set(name, side.number)
			p.Set(name+"Country", country(side.number))
			at := placeOf(side.number)
			p.Set(name+"City", at.city)
			p.Set(name+"State", at.state)
			p.Set(name+"Zip", at.zip)
		}
	}
	return p
}

// statusParams adds what a status callback has (Twilio: Call resource, StatusCallback). The sequence counts the
// callbacks that were asked for, from 0.
func (c *call) statusParams(status string, sequence int) url.Values {
	p := c.callParams(status)
	// Documented of calls that were created over REST; of calls to a number they are not listed, and were seen (Twilio: TwiML voice request).
	if !c.callsIn || c.sim.seed.happens(0.5, c.key, "status fields") {
		p.Set("CallbackSource", "call-progress-events")
		p.Set("SequenceNumber", strconv.Itoa(sequence))
		p.Set("Timestamp", rfc2822(c.now))
	}
	if status == "ringing" || status == "in-progress" {
		c.setStirStatus(p)
	}
	sip := map[string]string{"completed": "200", "busy": "486", "no-answer": "487", "failed": "404", "canceled": "487"}
	code, terminal := sip[status]
	if !terminal {
		return p
	}
	p.Set("SipResponseCode", code)
	seconds := c.seconds()
	p.Set("CallDuration", strconv.Itoa(seconds))
	if status == "completed" {
		if c.answeredBy != "" {
			p.Set("AnsweredBy", c.answeredBy)
		}
		p.Set("Duration", strconv.Itoa((seconds+59)/60)) // minutes begun: what is billed
		c.set(func() {
			if r := c.outboundRecording(); r != nil {
				p.Set("RecordingSid", r.sid)
				p.Set("RecordingUrl", r.mediaURL())
				p.Set("RecordingDuration", strconv.Itoa(r.seconds()))
			}
		})
	}
	return p
}

// setStirStatus adds the attestation of a call from one of the account's numbers: "A, B or C, or null if unavailable", which outside
// North America it is, and is either written so or left out (Twilio: Call resource, StatusCallback).
func (c *call) setStirStatus(p url.Values) {
	if c.inbound {
		return
	}
	var of Number
	c.set(func() { of = c.sim.number(c.from) })
	switch {
	case country(c.to) == "US" && country(c.from) == "US":
		p.Set("StirStatus", cmp.Or(of.Attestation, "A"))
	case c.sim.seed.happens(0.5, c.key, "stir status"):
		p.Set("StirStatus", "null")
	}
}

// sendStatus sends a status callback if the application asked for this event.
func (c *call) sendStatus(ctx context.Context, event, status string) {
	target := c.params.Get("StatusCallback")
	if target == "" || !slices.Contains(c.statusEvents(), event) {
		return
	}
	params := c.statusParams(status, c.sequence)
	c.sequence++
	c.dispatch(ctx, webhook{kind: KindStatus, url: target, params: params,
		method: orPost(c.params.Get("StatusCallbackMethod"))})
}

// statusEvents are the events asked for: repeated fields, by default completed alone. One field with several
// names in it is one unknown event, as at Twilio.
func (c *call) statusEvents() []string {
	if events := c.params["StatusCallbackEvent"]; len(events) > 0 {
		return events
	}
	return []string{"completed"}
}

// seconds is the length of an ended call as Twilio gives it: whole seconds from the answer to the end.
func (c *call) seconds() int {
	if c.answered.IsZero() || c.ended.IsZero() {
		return 0
	}
	return int(c.ended.Sub(c.answered).Round(time.Second) / time.Second)
}
