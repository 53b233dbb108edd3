package simulator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// outgoing is a Message verb: what the application answers to a message.
type outgoing struct {
	to, from, body   string
	media            int
	callback, method string // of its status callbacks
}

// answers asks the application for TwiML and returns the Message verbs in it, those behind Redirects included. When TwiML cannot
// be had or read, the fallback URL is asked once; without one the error is logged and nothing more is done (Twilio: Availability
// and Reliability).
func (m *message) answers(ctx context.Context, w webhook) []outgoing {
	var all []outgoing
	for range maxDocuments {
		if w.params == nil {
			w.params = m.incoming()
		}
		verbs, base, code := m.fetch(ctx, w)
		fallback := m.conversation.messaging.FallbackURL
		if code != 0 && (fallback == "" || w.kind == KindMessageFallback) {
			return all
		}
		if code != 0 {
			failed := signedURL(w.url, true)
			w = webhook{kind: KindMessageFallback, method: orPost(m.conversation.messaging.FallbackMethod), url: fallback, params: m.incoming()}
			w.params.Set("ErrorCode", fmt.Sprint(code))
			w.params.Set("ErrorUrl", failed)
			continue
		}
		texts, redirect := m.execute(base, verbs)
		all = append(all, texts...)
		if redirect == nil {
			return all
		}
		w = *redirect
	}
	m.debug(0, "error", w.url, fmt.Sprintf("the answer ended after %d documents: does the TwiML go round in a circle?", maxDocuments))
	return all
}

// fetch asks for TwiML once; a code other than 0 is in the Debugger and says why there is none. No answer of the type text/plain
// is wrong: it is the text of a message, and without text there is no message.
func (m *message) fetch(ctx context.Context, w webhook) (verbs []*node, base string, code int) {
	d := m.dispatch(ctx, w)
	code, message := d.noTwiML()
	if code == 0 && strings.HasPrefix(d.media(), "audio/") {
		code, message = 12300, "the answer's Content-Type is "+d.media()
	}
	if code == 0 {
		parsed, err := parseTwiML(d.Body)
		switch {
		case err == nil:
			return parsed, d.URL, 0
		case d.media() == "text/plain" && strings.TrimSpace(d.Body) == "":
			return nil, d.URL, 0
		case d.media() == "text/plain":
			return []*node{{name: "Message", text: d.Body}}, d.URL, 0
		}
		code, message = 12100, err.Error()
	}
	m.debugDelivery(d, code, "error", message)
	return nil, "", code
}

// execute returns the messages of a document, and the request that a Redirect makes (Twilio: TwiML for Programmable Messaging).
// A message without a recipient goes to whoever wrote, from the number that they wrote to.
func (m *message) execute(base string, verbs []*node) (texts []outgoing, redirect *webhook) {
	for _, verb := range verbs {
		switch verb.name {
		case "Message":
			if text, ok := m.outgoing(base, verb); ok {
				texts = append(texts, text)
			}
		case "Redirect":
			return texts, &webhook{kind: KindMessageRedirect, method: orPost(verb.attr("method", "POST")),
				url: resolve(base, strings.TrimSpace(verb.text))}
		default:
			m.debug(12200, "warning", base, "TwiML for messages has no verb "+verb.name)
		}
	}
	return texts, nil
}

// outgoing reads a Message verb. One that cannot be sent is a warning in the Debugger: 14101 for the recipient, 14102 for the
// sender, 14103 for the body. action is where the status callbacks go; statusCallback is its older name.
func (m *message) outgoing(base string, verb *node) (outgoing, bool) {
	text := outgoing{to: verb.attr("to", m.to), from: verb.attr("from", m.number), body: strings.TrimSpace(verb.text), method: verb.attr("method", "POST")}
	var bodies []string
	for _, child := range verb.children {
		switch child.name {
		case "Body":
			bodies = append(bodies, child.text)
		case "Media":
			text.media++
		}
	}
	if len(verb.children) > 0 {
		text.body = strings.Join(bodies, "")
	}
	if callback := verb.attr("action", verb.attr("statusCallback", "")); callback != "" {
		text.callback = resolve(base, callback)
	}
	switch {
	case !e164.MatchString(text.to):
		m.debug(14101, "warning", base, "Message has the recipient "+text.to)
	case !m.sim.owns(text.from):
		m.debug(14102, "warning", base, "Message has the sender "+text.from)
	case text.body == "" && text.media == 0, utf8.RuneCountInString(text.body) > maxMessage:
		m.debug(14103, "warning", base, fmt.Sprintf("Message has a body of %d characters", utf8.RuneCountInString(text.body)))
	default:
		return text, true
	}
	return text, false
}

// owns says whether a number is one of the account's.
func (s *Simulator) owns(number string) bool {
	return e164.MatchString(number) && (len(s.config.Numbers) == 0 || slices.Contains(s.config.Numbers, number))
}
