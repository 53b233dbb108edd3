package simulator

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Messaging says where a message to one of the application's numbers is reported: the messaging webhook of a number in
// Twilio's console (Twilio: IncomingPhoneNumber resource, sms_url and sms_fallback_url).
type Messaging struct {
	URL, Method                 string // for TwiML; POST by default. Without a URL nobody is told
	FallbackURL, FallbackMethod string
}

// message is one message, from a person to the application or the other way round. Like a call it is a session: each message
// has its own SID, its own virtual time and its own webhooks.
type message struct {
	session
	conversation *conversation
	direction    string // inbound, outbound-api, outbound-reply (Twilio: Message resource)
	number       string // the application's
	body         string
	media        int    // files sent along
	service      string // MessagingServiceSid, if one was asked to send it
	callback     string // URL of the status callbacks
	method       string // of the status callbacks
	final        bool   // the last message of an answer: the person answers this one

	// Guarded by Simulator.mu; the message's goroutine alone writes them.
	status    string // as the REST API names it
	created   time.Time
	sent      time.Time
	errorCode int
}

// conversation is all that a person and one of the application's numbers write to each other. Guarded by Simulator.mu.
type conversation struct {
	messaging Messaging
	state     scriptState
	open      int // messages that are not over
}

// conversationOf returns the conversation of a person with a number, a new one if there is none; its caller holds mu.
func (s *Simulator) conversationOf(person, number string, messaging Messaging) *conversation {
	key := person + " " + number
	if s.conversations[key] == nil {
		s.conversations[key] = &conversation{messaging: messaging, state: scriptState{script: s.config.Pick(person, 0)}}
	}
	return s.conversations[key]
}

// newMessage adds a message to the list of messages; its caller holds mu. The key names it without a SID, and does not depend on
// what else is going on.
func (s *Simulator) newMessage(key, person string, at time.Time, m message) *message {
	prefix := "SM"
	if m.media > 0 {
		prefix = "MM"
	}
	m.session = s.newSession(key, s.seed.sid(prefix, s.config.Run, key), person, at)
	m.created = at
	s.messages = append(s.messages, &m)
	s.messageBySid[m.sid] = &m
	s.begin()
	if m.conversation.open == 0 {
		s.conversationsOpen++
	}
	m.conversation.open++
	return &m
}

// startMessage runs a message in a goroutine of its own. Messages that it leads to are started in the same way.
func (s *Simulator) startMessage(ctx context.Context, m *message) {
	s.launch(ctx, &m.session, func(within context.Context) {
		m.run(within, func(next *message) { s.startMessage(ctx, next) })
	}, func() {
		s.messagesEnded++
		if m.conversation.open--; m.conversation.open == 0 {
			s.conversationsOpen--
		}
	})
}

// follow makes a message that this one led to; nil when the simulator is closed.
func (m *message) follow(key, person string, next message) *message {
	s := m.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	next.conversation = s.conversationOf(person, next.number, m.conversation.messaging)
	return s.newMessage(m.key+" "+key, person, m.now, next)
}

// answer returns what the person writes once the application has written to them, and how long that takes them; ok is false
// when they write nothing. They write what they would say on a call: a reply's words or keys, then the answers.
func (m *message) answer(question string) (body string, after time.Duration, ok bool) {
	m.set(func() {
		state := &m.conversation.state
		if h := state.script.HangUp; h != nil && h.Answers > 0 && state.given() >= h.Answers {
			return
		}
		state.question = question
		var reply Reply
		reply, _, ok = state.turn()
		body, after = reply.Say+reply.Digits, reply.After.Duration()
	})
	if after <= 0 {
		after = writing
	}
	return body, after, ok
}

// params are those of every request about a message (Twilio: Twilio's request to your incoming message Webhook URL; the
// deprecated names SmsSid and SmsStatus are still sent).
func (m *message) params(status string) url.Values {
	from, to := m.ends()
	p := url.Values{"AccountSid": {m.sim.config.AccountSid}, "ApiVersion": {apiVersion}, "MessageSid": {m.sid}, "SmsSid": {m.sid},
		"SmsStatus": {status}, "From": {from}, "To": {to}}
	if m.service != "" {
		p.Set("MessagingServiceSid", m.service)
	}
	return p
}

// ends are the sender and the recipient.
func (m *message) ends() (from, to string) {
	if m.direction == "inbound" {
		return m.to, m.number
	}
	return m.number, m.to
}

// gsm7 are the characters that take seven bits in an SMS, and gsm7Extended those that take twice as many (3GPP TS 23.038).
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Extended = "^{}\\[~]|€\f"
)

// segments is how many SMS a text takes: 160 characters of GSM-7, or 70 UTF-16 units, fit into one; 153, or 67, into each of
// several (Twilio: SMS character limit).
func segments(body string) int {
	septets, units, plain := 0, 0, true
	for _, r := range body {
		units++
		if r > 0xFFFF {
			units++
		}
		septets++
		if strings.ContainsRune(gsm7Extended, r) {
			septets++
		} else if !strings.ContainsRune(gsm7, r) {
			plain = false
		}
	}
	length, one, each := septets, 160, 153
	if !plain {
		length, one, each = units, 70, 67
	}
	if length <= one {
		return 1
	}
	return (length + each - 1) / each
}

// MessageTruth is what really happened to a message.
type MessageTruth struct {
	MessageSid string `json:"messageSid"`
	Direction  string `json:"direction"` // inbound is from the person to the application
	From       string `json:"from"`      // E.164, as To
	To         string `json:"to"`
	Body       string `json:"body"`                // the text
	Script     string `json:"script"`              // the Name of the person's script
	Status     string `json:"status"`              // of the REST API; final once Wait has returned
	ErrorCode  int    `json:"errorCode,omitempty"` // Twilio's, of a message that did not arrive
}

// MessageTruths lists what is true of every message so far. Those of one conversation are in the order of their creation.
func (s *Simulator) MessageTruths() []MessageTruth {
	s.mu.Lock()
	defer s.mu.Unlock()
	truths := make([]MessageTruth, 0, len(s.messages))
	for _, m := range s.messages {
		from, to := m.ends()
		truths = append(truths, MessageTruth{MessageSid: m.sid, Direction: m.direction, From: from, To: to, Body: m.body,
			Script: m.conversation.state.script.Name, Status: m.status, ErrorCode: m.errorCode})
	}
	return slices.Clip(truths)
}
