package simulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"
)

// maxDocuments limits how many documents a call or a message asks for, in case its TwiML redirects in a circle.
const maxDocuments = 100

// errFailed ends a call without usable TwiML.
var errFailed = errors.New("an application error has occurred")

// fetch is a request for TwiML.
type fetch struct {
	kind   Kind
	method string
	url    string
	extra  url.Values // beyond what every voice request has
	means  Consent    // what the person meant, once the application has taken it
	answer *Answer    // nil for a reply
}

// converse plays the call from the answer to its end, an inbound one from the first request. It returns its final status.
func (c *call) converse(ctx context.Context) string {
	if c.state.script.HangUp != nil && c.state.script.HangUp.After > 0 {
		c.hangAt = c.now.Add(c.state.script.HangUp.After.Duration())
	}
	if c.state.script.Greeting != "" && !c.callsIn { // who calls waits for the other side
		start := c.now.Add(300 * time.Millisecond)
		end := start.Add(speechLength(c.state.script.Greeting))
		c.state.busyUntil = end
		c.say(Person, c.state.script.Greeting, "", start, end, nil)
	}
	if c.params.Get("Record") == "true" {
		c.startRecording(recordingOrder{source: "OutboundAPI", channels: channelCount(c.params.Get("RecordingChannels")),
			callback: c.params.Get("RecordingStatusCallback"), method: orPost(c.params.Get("RecordingStatusCallbackMethod")),
			events: c.params["RecordingStatusCallbackEvent"], track: c.params.Get("RecordingTrack")})
	}
	if c.sim.seed.happens(c.sim.config.Faults.RecordingBefore, c.key, "recording before consent") && !c.inbound {
		c.sim.count(FaultRecordingBefore)
		c.startRecording(recordingOrder{source: "OutboundAPI", channels: 2, unasked: true})
	}
	err := c.detectMachine(ctx)
	var doc *document
	var next *fetch
	if err == nil {
		if target := c.params.Get("Url"); target != "" {
			next = &fetch{kind: KindVoice, method: orPost(c.params.Get("Method")), url: target}
		} else {
			doc, err = c.read("", c.params.Get("Twiml"))
		}
	}
	for n := 0; err == nil || errors.Is(err, errUpdated); n++ {
		if errors.Is(err, errUpdated) {
			doc, next, err = c.applyUpdate(c.takeUpdate())
		}
		switch {
		case err != nil:
			continue
		case n == 2*maxDocuments: // a round for the request, another for what it brought
			c.debug(0, "error", "", fmt.Sprintf("the call ended after %d documents: does the TwiML go round in a circle?", maxDocuments))
			return "completed"
		case next != nil:
			doc, err = c.get(ctx, *next)
			next = nil
			if rejected := c.answerInbound(doc); rejected != "" {
				return rejected
			}
		case doc != nil:
			next, err = c.execute(ctx, *doc)
			doc = nil
		default:
			return "completed" // the document ended without another
		}
	}
	return "completed"
}

// applyUpdate returns what a REST request wants next: a document, a request for one, or the end of the call.
func (c *call) applyUpdate(u *update) (*document, *fetch, error) {
	switch {
	case u == nil:
		return nil, nil, nil
	case u.url != "":
		return nil, &fetch{kind: KindRedirect, method: u.method, url: u.url}, nil
	case u.twiml != "":
		doc, err := c.read("", u.twiml)
		return doc, nil, err
	default:
		return nil, nil, errEnded
	}
}

// get fetches TwiML; when that goes wrong, from the fallback URL.
func (c *call) get(ctx context.Context, f fetch) (*document, error) {
	doc, code, err := c.tryGet(ctx, f)
	if err == nil {
		return doc, nil
	}
	fallback := c.params.Get("FallbackUrl")
	if fallback == "" || ctx.Err() != nil {
		return nil, err
	}
	doc, _, err = c.tryGet(ctx, fetch{kind: KindFallback, method: orPost(c.params.Get("FallbackMethod")), url: fallback,
		extra: url.Values{"ErrorCode": {fmt.Sprint(code)}, "ErrorUrl": {signedURL(f.url, true)}}})
	return doc, err
}

// tryGet fetches TwiML once and checks the answer as Twilio does (Twilio: TwiML voice request): 4xx, 5xx and no
// answer are 11200, a body that is no TwiML 12100, a type that cannot be played or read 12300.
func (c *call) tryGet(ctx context.Context, f fetch) (*document, int, error) {
	status := "in-progress"
	if c.inbound && c.answered.IsZero() {
		status = "ringing" // it is the TwiML that answers
	}
	params := c.callParams(status)
	if c.answeredBy != "" && c.params.Get("AsyncAmd") != "true" {
		params.Set("AnsweredBy", c.answeredBy)
	}
	c.callerParams(params, f.kind == KindVoice)
	for name, values := range f.extra {
		params[name] = values
	}
	d := c.dispatch(ctx, webhook{kind: f.kind, method: f.method, url: f.url, params: params})
	switch {
	case f.means == ConsentNone:
	case d.reached: // the application has heard it, whether or not we heard the answer
		c.set(func() { c.understood(f.means) })
	default:
		c.state.again(f.answer)
	}
	if code, message := d.noTwiML(); code != 0 {
		c.debugDelivery(d, code, "error", message)
		return nil, code, errFailed
	}
	switch media := d.media(); {
	case strings.HasPrefix(media, "audio/"):
		return &document{url: d.URL, verbs: []*node{{name: "Play"}}}, 0, nil
	case media == "text/plain":
		if verbs, err := parseTwiML(d.Body); err == nil {
			return &document{url: d.URL, verbs: verbs}, 0, nil
		}
		return &document{url: d.URL, verbs: []*node{{name: "Say", text: d.Body}}}, 0, nil
	}
	doc, err := c.read(d.URL, d.Body)
	return doc, 12100, err
}

// read parses TwiML, with 12100 in the Debugger when it is none.
func (c *call) read(base, text string) (*document, error) {
	verbs, err := parseTwiML(text)
	if err != nil {
		c.debug(12100, "error", base, err.Error())
		return nil, errFailed
	}
	return &document{url: base, verbs: verbs}, nil
}

// noTwiML says why an answer cannot be TwiML, with a code of the Debugger; 0 if it can.
func (d Delivery) noTwiML() (code int, message string) {
	media := d.media()
	switch {
	case d.Failure != "":
		code = map[string]int{"ct": 11205, "redirects": 11215}[d.Failure]
		return cmp.Or(code, 11200), strings.TrimSpace(fmt.Sprintf("no TwiML: status %d %s", d.Status, d.Error))
	case media == "":
		return 11200, "the answer has no Content-Type"
	case strings.HasPrefix(media, "audio/"), media == "text/plain", media == "text/xml", media == "application/xml", media == "text/html":
		return 0, ""
	}
	return 12300, "the answer's Content-Type is " + media
}

// media is the media type of the answer, without its parameters.
func (d Delivery) media() string {
	media, _, _ := mime.ParseMediaType(d.ContentType)
	return media
}
