package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// lastHeard is what a person heard last from us, as far as it is known.
type lastHeard struct {
	text string
	// link is the address of where it is from, and source what that is.
	link, source string
}

// lastHeard takes the last of our words on the recording, else the last that our newest answer plays. It is nil when nobody heard anything.
func (t timelineOf) lastHeard() *lastHeard {
	for _, u := range slices.Backward(t.detail.Utterances) {
		if u.Speaker == interview.SpeakerAgent && u.RecordingSid != "" {
			return &lastHeard{"“" + t.shown(u.Text) + "”", "#transcript", "on the recording"}
		}
	}
	if t.detail.Call.StartedAt == nil {
		return nil
	}
	for _, w := range slices.Backward(t.detail.Webhooks) {
		reply := t.payloads[w.ID].Reply
		if w.Outcome != inbox.Accepted || !strings.Contains(reply.ContentType, "xml") {
			continue
		}
		_, plays := readTwiML(reply.Body)
		for _, text := range slices.Backward(plays) {
			if strings.HasPrefix(text, "“") {
				return &lastHeard{t.shown(text), t.path("/webhooks/"+url.PathEscape(w.ID)) + "#answer", "our last answer, if they stayed on the line"}
			}
		}
	}
	return nil
}
