package simulator

import (
	"context"
	"slices"
	"strings"
	"time"
)

// execute runs a document's verbs. It returns the next request for TwiML, if one was reached, and otherwise nil
// at the end of the document, or the reason why the call ends or changes.
func (c *call) execute(ctx context.Context, doc document) (*fetch, error) {
	for _, verb := range doc.verbs {
		if c.interrupted() {
			return nil, errUpdated
		}
		var next *fetch
		var err error
		switch verb.name {
		case "Say", "Play":
			_, err = c.prompt(ctx, verb, -1)
		case "Pause":
			err = c.listen(ctx, verb.seconds("length", 1))
		case "Gather":
			next, err = c.gather(ctx, doc, verb)
		case "Redirect":
			next = &fetch{kind: KindRedirect, method: orPost(verb.attr("method", "POST")),
				url: resolve(doc.url, strings.TrimSpace(verb.text))}
		case "Hangup", "Reject":
			err = errEnded
		case "Start":
			c.startNouns(doc, verb)
		case "Stop":
			for _, noun := range verb.children {
				if noun.name == "Recording" {
					c.stopRecordings(noun.attr("name", ""))
				}
			}
		default:
			c.unknown(doc, verb)
		}
		if next != nil || err != nil {
			return next, err
		}
	}
	return nil, nil
}

// unknown skips a verb with a warning, as Twilio does with one that does not exist.
func (c *call) unknown(doc document, verb *node) {
	twilios := []string{"Dial", "Record", "Enqueue", "Leave", "Queue", "Sms", "Connect", "Refer", "Pay", "Prompt", "Siprec",
		"Stream", "Transcription"}
	if slices.Contains(twilios, verb.name) {
		c.debug(0, "warning", doc.url, "the simulator does not play "+verb.name)
		return
	}
	c.debug(12200, "warning", doc.url, "TwiML has no verb "+verb.name)
}

// startNouns starts the recordings of a Start verb.
func (c *call) startNouns(doc document, verb *node) {
	for _, noun := range verb.children {
		if noun.name != "Recording" {
			c.unknown(doc, noun)
			continue
		}
		callback := noun.attr("recordingStatusCallback", "")
		if callback != "" && !strings.Contains(callback, "://") {
			// Documented as resolved, observed as failing: the recording runs and nothing is sent.
			c.debug(11200, "warning", callback, "recordingStatusCallback is not an absolute URL")
			callback = ""
		}
		// Webhooks take no time of the call. However long the one before took, the recording began after it.
		c.set(func() { c.now = later(c.now, c.sim.config.Now().UTC()) })
		c.startRecording(recordingOrder{
			name: noun.attr("name", ""), source: "StartCallRecordingTwiML", channels: channelCount(noun.attr("channels", "dual")),
			callback: callback, method: orPost(noun.attr("recordingStatusCallbackMethod", "POST")),
			events: strings.Fields(noun.attr("recordingStatusCallbackEvent", "")), track: noun.attr("track", "both"),
		})
	}
}

// prompt says or plays something, for at most limit unless that is negative. It returns what was said of it.
func (c *call) prompt(ctx context.Context, verb *node, limit time.Duration) (string, error) {
	text, length := verb.words(), promptLength(verb)
	if verb.name == "Play" {
		text = ""
	}
	if limit >= 0 && limit < length {
		fields := strings.Fields(text)
		text = strings.Join(fields[:len(fields)*int(limit)/int(length)], " ")
		length = limit
	}
	start := c.now
	err := c.advance(ctx, length)
	// Said up to the moment at which the call was cut off.
	spoken := spreadWords(text, start, start.Add(length))
	spoken = slices.DeleteFunc(spoken, func(w word) bool { return w.end.After(c.now) })
	texts := make([]string, len(spoken))
	for i, w := range spoken {
		texts[i] = w.text
	}
	text = strings.Join(texts, " ")
	c.say(Agent, text, "", start, earlier(start.Add(length), c.now), nil)
	if text != "" {
		c.state.question = text
	}
	return text, err
}

// promptLength is how long a Say, Play or Pause takes.
func promptLength(verb *node) time.Duration {
	switch verb.name {
	case "Say":
		return speechLength(verb.words())
	case "Play":
		return 2 * time.Second
	case "Pause":
		return verb.seconds("length", 1)
	default:
		return 0
	}
}
