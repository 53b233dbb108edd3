package simulator

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// createMessage answers POST Messages.json with the queued message; one that a messaging service is to send is accepted.
func (s *Simulator) createMessage(w http.ResponseWriter, r *http.Request) {
	s.create(w, r, s.checkMessage, func(p url.Values) (map[string]any, func()) {
		to, number, status := p.Get("To"), p.Get("From"), "queued"
		if p.Get("MessagingServiceSid") != "" {
			status = "accepted"
			number = cmp.Or(append([]string{number}, s.config.Numbers...)...)
		}
		n := s.texted[to]
		s.texted[to]++
		m := s.newMessage("message "+callKey(to, n), to, s.config.Now().UTC(), message{
			conversation: s.conversationOf(to, number, s.config.Messaging), direction: "outbound-api", number: number, body: p.Get("Body"),
			media: len(p["MediaUrl"]), service: p.Get("MessagingServiceSid"), callback: p.Get("StatusCallback"), status: status, final: true,
		})
		s.noteRepeat(messageTo(to), m.sid, m.body)
		return m.resource(), func() { s.startMessage(context.Background(), m) }
	})
}

// messageTo is what two requests to write to a number have in common.
func messageTo(number string) string { return "message to " + number }

// checkMessage says why Twilio would refuse a message, with the code of its error dictionary; 0 if it would not.
func (s *Simulator) checkMessage(p url.Values) (int, string) {
	to, from, service := p.Get("To"), p.Get("From"), p.Get("MessagingServiceSid")
	switch length := utf8.RuneCountInString(p.Get("Body")); {
	case to == "":
		return 21604, "A 'To' phone number is required."
	case from == "" && service == "":
		return 21603, "A 'From' phone number is required."
	case from == "" && len(s.config.Numbers) == 0:
		return 21701, "The Messaging Service resource does not exist."
	case !e164.MatchString(to):
		return 21211, "The 'To' number " + to + " is not a valid phone number."
	case from != "" && !s.owns(from):
		return 21606, "The 'From' phone number provided (" + from + ") is not a valid message-capable Twilio phone number for this destination/account."
	case to == from:
		return 21266, "'To' and 'From' number cannot be the same: " + to
	case length == 0 && len(p["MediaUrl"]) == 0:
		return 21602, "Message body is required."
	case length > maxMessage:
		return 21617, fmt.Sprintf("The concatenated message body exceeds the %d character limit", maxMessage)
	case p.Get("StatusCallback") != "" && !absolute(p.Get("StatusCallback")):
		return 21609, "The 'StatusCallback' URL " + p.Get("StatusCallback") + " is not a valid URL."
	}
	return 0, ""
}

func (s *Simulator) fetchMessage(w http.ResponseWriter, r *http.Request) {
	sid, _ := sidOf(r.PathValue("message"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.messageBySid[sid]; m != nil {
		m.known()
		answer(w, http.StatusOK, m.resource())
		return
	}
	refuseUnknown(w, r)
}

// known notes that the application has read the message over REST: a later one with the same body is meant as another message.
// The caller holds mu.
func (m *message) known() {
	if key := messageTo(m.to); m.sim.lostAnswers[key].sid == m.sid {
		delete(m.sim.lostAnswers, key)
	}
}

// listMessages answers GET Messages.json: newest first, filtered by To, From and DateSent.
func (s *Simulator) listMessages(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, page(r, "messages", s.listedMessages(r.URL.Query(), 0)))
}

// listedMessages are the messages that a query selects, without those younger than lag.
func (s *Simulator) listedMessages(q url.Values, lag time.Duration) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []map[string]any
	for _, m := range slices.Backward(s.messages) {
		from, to := m.ends()
		switch {
		case lag > 0 && s.config.Now().Sub(m.created) < lag:
		case q.Get("To") != "" && q.Get("To") != to:
		case q.Get("From") != "" && q.Get("From") != from:
		case !within(q, "DateSent", m.sent):
		default:
			m.known()
			found = append(found, m.resource())
		}
	}
	return found
}

// errorMessages are the descriptions of the error codes that scripts use most (Twilio: Error and Warning Dictionary).
var errorMessages = map[int]string{30001: "Queue overflow", 30003: "Unreachable destination handset", 30004: "Message blocked",
	30005: "Unknown destination handset", 30006: "Landline or unreachable carrier", 30007: "Message filtered", 30008: "Unknown error"}

// resource is the message as the REST API shows it (Twilio: Message resource); the caller holds mu.
func (m *message) resource() map[string]any {
	from, to := m.ends()
	uri := "/" + apiVersion + "/Accounts/" + m.sim.config.AccountSid + "/Messages/" + m.sid
	res := map[string]any{
		"sid": m.sid, "account_sid": m.sim.config.AccountSid, "api_version": apiVersion, "messaging_service_sid": orNull(m.service),
		"to": to, "from": orNull(from), "body": m.body, "status": m.status, "direction": m.direction,
		"num_segments": strconv.Itoa(segments(m.body)), "num_media": strconv.Itoa(m.media),
		"date_created": dateOrNull(m.created), "date_updated": dateOrNull(m.now), "date_sent": dateOrNull(m.sent),
		"price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil,
		"uri": uri + ".json", "subresource_uris": map[string]string{"media": uri + "/Media.json"},
	}
	if m.status == "accepted" { // the messaging service has not chosen a number yet
		res["from"], res["num_segments"] = nil, "0"
	}
	if m.errorCode != 0 {
		res["error_code"], res["error_message"] = m.errorCode, orNull(errorMessages[m.errorCode])
	}
	return res
}
