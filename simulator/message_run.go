package simulator

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// How long the steps of a message take that no script decides.
const (
	choosing   = 300 * time.Millisecond // a messaging service's choice of a number
	sending    = 200 * time.Millisecond
	toCarrier  = 500 * time.Millisecond
	toHandset  = 2 * time.Second
	writing    = 10 * time.Second // a person's answer
	maxMessage = 1600             // characters of a body
)

// run carries a message from its creation to its last callback. start runs the messages that it leads to.
func (m *message) run(ctx context.Context, start func(*message)) {
	switch {
	case ctx.Err() != nil:
	case m.direction == "inbound":
		m.receive(ctx, start)
	default:
		m.send(start)
	}
	m.drain(ctx)
}

// receive reports a person's message to the application, and sends what that answers.
func (m *message) receive(ctx context.Context, start func(*message)) {
	m.set(func() { m.status, m.sent = "received", m.now })
	to := m.conversation.messaging
	if to.URL == "" {
		return
	}
	texts := m.answers(ctx, webhook{kind: KindMessage, method: orPost(to.Method), url: to.URL})
	for i, text := range texts {
		if next := m.follow(fmt.Sprintf("answer %d", i), text.to, message{direction: "outbound-reply", number: text.from, body: text.body,
			media: text.media, callback: text.callback, method: text.method, status: "queued", final: i == len(texts)-1}); next != nil {
			start(next)
		}
	}
}

// incoming are the parameters of the messaging webhook. All names that captured requests of Twilio have are sent, those that
// the documentation calls deprecated included.
func (m *message) incoming() url.Values {
	p := m.params("received")
	p.Set("SmsMessageSid", m.sid)
	p.Set("Body", m.body)
	p.Set("NumMedia", strconv.Itoa(m.media))
	p.Set("NumSegments", strconv.Itoa(segments(m.body)))
	for side, number := range map[string]string{"From": m.to, "To": m.number} {
		p.Set(side+"Country", country(number))
		p.Set(side+"City", "")
		p.Set(side+"State", "")
		p.Set(side+"Zip", "")
	}
	return p
}

// send schedules the steps of a message of the application: queued, sending, sent, and delivered or undelivered; or failed. The
// initial status has no callback, and neither has sending; a message that was given to a messaging service is accepted before
// it is queued, and that has one (Twilio: Outbound Message Status in Status Callbacks).
func (m *message) send(start func(*message)) {
	after := time.Duration(0)
	step := func(d time.Duration, status string, report bool, more func()) {
		after += d
		m.at(after, func(ctx context.Context) {
			m.set(func() {
				m.status = status
				if more != nil {
					more()
				}
			})
			if report {
				m.sendStatus(ctx, status)
			}
		})
	}
	if m.service != "" {
		step(choosing, "queued", true, nil)
	}
	step(sending, "sending", false, nil)
	script := m.conversation.state.script
	outcome, code := script.receipt()
	if outcome == SendingFails {
		step(toCarrier, string(outcome), true, func() { m.errorCode = code })
		return
	}
	step(toCarrier, "sent", true, func() { m.sent = m.now })
	switch outcome {
	case Undelivered:
		step(toHandset, string(outcome), true, func() { m.errorCode = code })
		return
	case Delivered:
		step(toHandset, "delivered", true, nil)
	}
	if m.final {
		m.at(after, func(context.Context) { m.letAnswer(start) })
	}
}

// letAnswer gives the person a turn, now that they have the message.
func (m *message) letAnswer(start func(*message)) {
	body, after, ok := m.answer(m.body)
	if !ok {
		return
	}
	m.at(after, func(context.Context) {
		next := m.follow("reply", m.to, message{direction: "inbound", number: m.number, body: body, status: "receiving"})
		if next != nil {
			start(next)
		}
	})
}

// sendStatus sends a status callback, if one was asked for. delivered and undelivered have the time of the carrier's delivery
// receipt as YYMMDDhhmm, failed and undelivered an error code (Twilio: Track the Message Status of Outbound Messages).
func (m *message) sendStatus(ctx context.Context, status string) {
	if m.callback == "" {
		return
	}
	p := m.params(status)
	p.Set("MessageStatus", status)
	if m.errorCode != 0 {
		p.Set("ErrorCode", strconv.Itoa(m.errorCode))
	}
	if status == string(Undelivered) || status == "delivered" {
		p.Set("RawDlrDoneDate", m.now.Format("0601021504"))
	}
	m.dispatch(ctx, webhook{kind: KindMessageStatus, method: orPost(m.method), url: m.callback, params: p})
}
