package simulator

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How long the parts of a call take that no script decides.
const (
	dialling    = 500 * time.Millisecond // from the queue to the first ring
	ringing     = 4 * time.Second
	busyTone    = 2 * time.Second
	detection   = 3 * time.Second // answering machine detection
	processing  = 2 * time.Second // from the end of a recording to its file
	perWord     = 330 * time.Millisecond
	perDigit    = 300 * time.Millisecond
	hesitation  = 800 * time.Millisecond
	endOfSpeech = time.Second // of silence, by which recognition knows that somebody has finished
)

// start runs the call; it is counted as in flight already.
func (c *call) start(ctx context.Context) {
	c.sim.launch(ctx, &c.session, c.run, func() { c.sim.callsEnded++ })
}

// run plays a call from the dialling to its last callback.
func (c *call) run(ctx context.Context) {
	status := c.dial(ctx)
	c.set(func() {
		c.status, c.ended = status, c.now
		c.cutLines()
	})
	c.stopRecordings("")
	c.runPending(ctx) // a recording may be done before its call
	c.sendStatus(ctx, "completed", status)
	c.drain(ctx)
	c.callBack(ctx)
}

// dial lets the phone ring and, when the person answers, plays the conversation. It returns the call's final status.
func (c *call) dial(ctx context.Context) string {
	if c.interrupted() {
		return "canceled"
	}
	if c.begins.After(c.now) && c.advance(ctx, c.begins.Sub(c.now)) != nil {
		return "canceled"
	}
	c.set(func() { c.started = c.now })
	if c.inbound { // it is the person who calls
		c.set(func() {
			if c.status = "ringing"; c.callsIn {
				c.created = c.now
			}
		})
		return c.converse(ctx)
	}
	c.sendStatus(ctx, "initiated", "initiated")
	if c.advance(ctx, dialling) != nil {
		return "canceled"
	}
	switch c.state.script.Outcome {
	case CallFails:
		return "failed"
	case LineBusy:
		if c.advance(ctx, busyTone) != nil {
			return "canceled"
		}
		return "busy"
	}
	c.set(func() { c.status = "ringing" })
	c.sendStatus(ctx, "ringing", "ringing")
	ring, timeout := c.state.script.Ring.Duration(), c.timeout()
	if ring <= 0 {
		ring = ringing
	}
	if c.state.script.Outcome == NobodyAnswers || ring > timeout {
		if c.advance(ctx, timeout) != nil {
			return "canceled"
		}
		return "no-answer"
	}
	if c.advance(ctx, ring) != nil {
		return "canceled"
	}
	c.set(func() { c.status, c.answered = "in-progress", c.now })
	c.sendStatus(ctx, "answered", "in-progress")
	return c.converse(ctx)
}

// timeout is how long a call may ring: 60 s unless asked otherwise, at most 600 s (Twilio: Call resource).
func (c *call) timeout() time.Duration {
	n, err := strconv.Atoi(c.params.Get("Timeout"))
	if err != nil || n <= 0 {
		n = 60
	}
	return time.Duration(min(n, 600)) * time.Second
}

// detectMachine runs answering machine detection if it was asked for: before the first TwiML, or beside it
// with a callback of its own.
func (c *call) detectMachine(ctx context.Context) error {
	mode := c.params.Get("MachineDetection")
	if mode != "Enable" && mode != "DetectMessageEnd" {
		return nil
	}
	verdict := c.detectionResult(mode)
	asynchronous, target := c.params.Get("AsyncAmd") == "true", c.params.Get("AsyncAmdStatusCallback")
	if !asynchronous {
		err := c.advance(ctx, detection)
		c.set(func() { c.answeredBy = verdict })
		return err
	}
	if target == "" {
		c.debug(21262, "warning", "", "answering machine detection is on without a callback URL")
	}
	c.at(detection, func(ctx context.Context) {
		if c.now.After(c.ended) && !c.ended.IsZero() {
			return // the call was over before the verdict
		}
		c.set(func() { c.answeredBy = verdict })
		if target == "" {
			return
		}
		params := c.callParams("in-progress")
		params.Set("AnsweredBy", verdict)
		params.Set("MachineDetectionDuration", strconv.FormatInt(detection.Milliseconds(), 10))
		c.reportDetection(ctx, webhook{kind: KindAMD, url: target, params: params,
			method: orPost(c.params.Get("AsyncAmdStatusCallbackMethod"))})
	})
	return nil
}

// reportDetection sends the callback of asynchronous detection, unless it is to be lost ([FaultAMDLost]) or late ([FaultAMDLate]).
func (c *call) reportDetection(ctx context.Context, w webhook) {
	s, f := c.sim, c.sim.config.Faults
	tell := func(ctx context.Context) {
		c.dispatch(ctx, w)
		if w.params.Get("AnsweredBy") != "human" && c.ended.IsZero() {
			c.awaitUpdate(ctx)
		}
	}
	switch {
	case s.seed.happens(f.AMDLost, c.key, "amd lost"):
		w.ordinal, w.at = c.ordinal, c.now
		c.ordinal++
		c.logDropped(w, FaultAMDLost)
	case s.seed.happens(f.AMDLate, c.key, "amd late"):
		w.fault = FaultAMDLate
		c.at(time.Duration(5+s.seed.rand(c.key, "amd late how").IntN(86))*time.Second, tell)
	default:
		tell(ctx)
	}
}

// detectionResult is the result of machine detection, in Twilio's words for the mode.
func (c *call) detectionResult(mode string) string {
	switch {
	case c.state.script.AnsweredBy != "":
		return c.state.script.AnsweredBy
	case c.state.script.Outcome != AnsweringMachine:
		return "human"
	case mode == "DetectMessageEnd":
		return "machine_end_beep"
	default:
		return "machine_start"
	}
}

// awaitUpdate gives the application its Grace, in real time, to change the call over REST. On a clock it has the time of the call.
func (c *call) awaitUpdate(ctx context.Context) {
	if c.sim.config.Grace <= 0 || c.sim.config.Clock != nil || c.interrupted() {
		return
	}
	timer := time.NewTimer(c.sim.config.Grace)
	defer timer.Stop()
	select {
	case <-c.changed:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// say adds a line to what was said on the call. The caller lets its time pass.
func (c *call) say(speaker Speaker, text, heard string, start, end time.Time, claims []Claim) {
	if strings.TrimSpace(text) == "" {
		return
	}
	line := Line{Speaker: speaker, Text: text, Heard: heard, Claims: claims, start: start, end: end,
		StartSec: start.Sub(c.answered).Seconds(), EndSec: end.Sub(c.answered).Seconds()}
	spoken := text
	if heard != "" {
		spoken = heard
	}
	line.words = spreadWords(spoken, start, end)
	c.set(func() { c.lines = append(c.lines, line) })
}

// cutLines drops what somebody would have said after the end of the call; its caller holds mu.
func (c *call) cutLines() {
	c.lines = slices.DeleteFunc(c.lines, func(l Line) bool { return !l.start.Before(c.ended) })
	for i := range c.lines {
		line := &c.lines[i]
		if !line.end.After(c.ended) {
			continue
		}
		part := int(c.ended.Sub(line.start) * time.Duration(len(strings.Fields(line.Text))) / line.end.Sub(line.start))
		line.Text = strings.Join(strings.Fields(line.Text)[:part], " ")
		line.words = slices.DeleteFunc(line.words, func(w word) bool { return w.end.After(c.ended) })
		line.end, line.EndSec = c.ended, c.ended.Sub(c.answered).Seconds()
		line.Heard, line.Claims = "", nil // what was not said in full proves nothing
	}
	c.lines = slices.DeleteFunc(c.lines, func(l Line) bool { return l.Text == "" })
}

// speechLength is how long it takes to say a text.
func speechLength(text string) time.Duration {
	return time.Duration(max(len(strings.Fields(text)), 1)) * perWord
}

// word is one word and when it was said.
type word struct {
	text       string
	start, end time.Time
}

// spreadWords distributes the words of a text evenly over its time.
func spreadWords(text string, start, end time.Time) []word {
	fields := strings.Fields(text)
	words := make([]word, len(fields))
	for i, field := range fields {
		total := end.Sub(start)
		words[i] = word{text: field,
			start: start.Add(total * time.Duration(i) / time.Duration(len(fields))),
			end:   start.Add(total * time.Duration(i+1) / time.Duration(len(fields)))}
	}
	return words
}
