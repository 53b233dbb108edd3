package simulator

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// gather runs a Gather (Twilio: TwiML Gather): its prompts, then the person's turn. It returns the request for
// the action, or nil when there was no input and the document goes on.
func (c *call) gather(ctx context.Context, doc document, verb *node) (*fetch, error) {
	var prompts []string
	var length time.Duration
	for _, child := range verb.children {
		length += promptLength(child)
		if child.name == "Say" {
			prompts = append(prompts, child.words())
		}
	}
	c.state.question = strings.Join(prompts, " ")
	reply, answer, some := c.state.turn()
	limit := length
	if some && reply.BargeIn && verb.attr("bargeIn", "true") != "false" {
		limit = length / 2
	}
	for _, child := range verb.children {
		var err error
		switch child.name {
		case "Say", "Play":
			_, err = c.prompt(ctx, child, limit)
		case "Pause":
			err = c.advance(ctx, min(limit, promptLength(child)))
		default:
			c.unknown(doc, child)
		}
		if err != nil {
			return nil, err
		}
		limit = max(limit-promptLength(child), 0)
	}
	c.state.question = strings.Join(prompts, " ")
	input, err := c.input(ctx, verb, reply, answer, some)
	if err != nil {
		return nil, err
	}
	if input == nil && verb.attr("actionOnEmptyResult", "false") != "true" {
		return nil, nil
	}
	f := fetch{kind: KindGather, method: orPost(verb.attr("method", "POST")), url: resolve(doc.url, verb.attr("action", doc.url)), extra: input}
	if input == nil {
		f.extra = emptyInput(verb)
	} else {
		f.means, f.answer = reply.Means, answer
	}
	return &f, nil
}

// input is the person's turn in a Gather. It returns the parameters of what was heard, nil for nothing.
func (c *call) input(ctx context.Context, verb *node, reply Reply, answer *Answer, some bool) (url.Values, error) {
	timeout := verb.seconds("timeout", 5)
	accepts := strings.Fields(verb.attr("input", "dtmf"))
	hesitate := reply.After.Duration()
	if hesitate <= 0 && !reply.BargeIn {
		hesitate = hesitation
	}
	if !some || hesitate > timeout {
		return nil, c.advance(ctx, timeout)
	}
	if err := c.advance(ctx, later(c.now.Add(hesitate), c.state.busyUntil).Sub(c.now)); err != nil {
		return nil, err
	}
	if reply.Digits != "" {
		params, err := c.press(ctx, verb, reply.Digits, slices.Contains(accepts, "dtmf"), timeout)
		c.hangUpAfterAnswers()
		return params, err
	}
	start := c.now
	end := start.Add(speechLength(reply.Say))
	var claims []Claim
	if answer != nil {
		claims = answer.Claims
	}
	err := c.advance(ctx, end.Sub(start))
	c.sayUntil(reply.Say, reply.Heard, start, end, claims)
	if err != nil {
		return nil, err
	}
	c.hangUpAfterAnswers()
	if !slices.Contains(accepts, "speech") {
		return nil, c.advance(ctx, timeout)
	}
	if err := c.advance(ctx, endOfSpeech); err != nil {
		return nil, err
	}
	heard := reply.Heard
	if heard == "" {
		heard = reply.Say
	}
	confidence := reply.Confidence
	if confidence == 0 {
		confidence = 0.80 + 0.18*c.sim.seed.rand(c.key, c.ordinal, "confidence").Float64()
	}
	return url.Values{"SpeechResult": {heard}, "Confidence": {strconv.FormatFloat(confidence, 'f', 7, 64)}}, nil
}

// press is a turn in which the person presses keys: numDigits of them, or up to finishOnKey, or until the timeout.
func (c *call) press(ctx context.Context, verb *node, digits string, accepted bool, timeout time.Duration) (url.Values, error) {
	finish := verb.attr("finishOnKey", "#")
	most, err := strconv.Atoi(verb.attr("numDigits", ""))
	if err != nil {
		most = 0
	}
	params := url.Values{}
	if finish != "" {
		if i := strings.IndexAny(digits, finish); i >= 0 {
			params.Set("FinishedOnKey", digits[i:i+1])
			digits = digits[:i]
		}
	}
	if most > 0 && len(digits) >= most {
		digits = digits[:most]
		params.Del("FinishedOnKey")
	}
	if err := c.advance(ctx, time.Duration(max(len(digits), 1))*perDigit); err != nil {
		return nil, err
	}
	if !accepted || len(digits) != most && params.Get("FinishedOnKey") == "" {
		if err := c.advance(ctx, timeout); err != nil {
			return nil, err
		}
	}
	if !accepted || digits == "" {
		return nil, nil
	}
	params.Set("Digits", digits)
	return params, nil
}

// emptyInput are the parameters of an action when there was no input: the names without values. Twilio does not document them, so
// an application must accept missing names as well.
func emptyInput(verb *node) url.Values {
	params := url.Values{}
	for _, kind := range strings.Fields(verb.attr("input", "dtmf")) {
		switch kind {
		case "dtmf":
			params.Set("Digits", "")
		case "speech":
			params.Set("SpeechResult", "")
			params.Set("Confidence", "0.0")
		}
	}
	return params
}

// listen plays a Pause: once the questions for consent are over or a recording runs, the person says a line in it, which may be
// longer than the pause.
func (c *call) listen(ctx context.Context, length time.Duration) error {
	start := later(c.now.Add(hesitation), c.state.busyUntil)
	if (c.state.replies == len(c.state.script.Replies) && len(c.state.script.Replies) > 0 || c.recordingNow()) && start.Before(c.now.Add(length)) {
		if answer := c.state.nextAnswer(); answer != nil {
			end := start.Add(speechLength(answer.Say))
			c.state.busyUntil = end
			c.say(Person, answer.Say, answer.Heard, start, end, answer.Claims)
			c.hangUpAfterAnswers()
		}
	}
	return c.advance(ctx, length)
}

// sayUntil adds a person's line to what was said, up to the moment at which the call was cut off.
func (c *call) sayUntil(text, heard string, start, end time.Time, claims []Claim) {
	c.state.busyUntil = end
	if c.now.Before(end) {
		fields := strings.Fields(text)
		part := int(c.now.Sub(start) * time.Duration(len(fields)) / end.Sub(start))
		text, heard, end, claims = strings.Join(fields[:part], " "), "", c.now, nil
	}
	c.say(Person, text, heard, start, end, claims)
}

// hangUpAfterAnswers sets the moment at which the person hangs up, once they have given as many answers as the script says.
func (c *call) hangUpAfterAnswers() {
	h := c.state.script.HangUp
	if h == nil || h.Answers == 0 {
		return
	}
	at := later(c.now, c.state.busyUntil).Add(500 * time.Millisecond)
	if c.state.given() >= h.Answers && (c.hangAt.IsZero() || at.Before(c.hangAt)) {
		c.hangAt = at
	}
}
