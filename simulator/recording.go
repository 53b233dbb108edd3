package simulator

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// recording is one recording of a call, from its start to its deletion. Its audio is made from the call's lines whenever a
// request asks for it. Guarded by Simulator.mu.
type recording struct {
	call    *call
	order   recordingOrder
	sid     string
	number  int    // among the recordings of its call, from 0
	status  string // in-progress, paused, processing, completed, absent, failed, deleted
	started time.Time
	ended   time.Time // zero while it runs
	pauses  []recordingPause
	late    int       // requests for the file that are still to be refused
	silent  bool      // nothing of the person is on it
	empty   bool      // its file has no samples
	deleted time.Time // by the simulator's clock; zero while it is there
}

// recordingPause is a part of the call that is not recorded.
type recordingPause struct {
	from, to time.Time // to is zero while it lasts
	skip     bool      // it is not in the file; else it is silence there
}

// key names a recording without its SID, which changes with Config.Run.
func (r *recording) key() string { return fmt.Sprintf("%s recording %d", r.call.key, r.number) }

// recordingOrder is what the application asked for.
type recordingOrder struct {
	name     string
	source   string // RecordingSource, such as StartCallRecordingTwiML
	channels int
	track    string
	callback string
	method   string
	events   []string // none: completed
	unasked  bool     // the application did not
}

// shortest is the shortest recording that Twilio keeps; a shorter one is absent.
const shortest = time.Second

// startRecording begins a recording at the present moment. Its callback is sent with the call's next step.
func (c *call) startRecording(order recordingOrder) *recording {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return c.startRecordingLocked(order)
}

func (c *call) startRecordingLocked(order recordingOrder) *recording {
	if order.track == "" {
		order.track = "both"
	}
	if len(order.events) == 0 {
		order.events = []string{"completed"}
	}
	r := &recording{call: c, order: order, number: len(c.recordings), status: "in-progress", started: c.now,
		sid: c.sim.seed.sid("RE", c.sim.config.Run, c.key, len(c.recordings))}
	c.recordings = append(c.recordings, r)
	c.sim.recordings[r.sid] = r
	c.pending = append(c.pending, func(ctx context.Context) { r.report(ctx, "in-progress") })
	return r
}

// stopRecordings ends those that run: the one with this name, or all for the empty name.
func (c *call) stopRecordings(name string) {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	for _, r := range c.recordings {
		if r.ended.IsZero() && (name == "" || r.order.name == name) {
			r.stopLocked()
		}
	}
}

// pauseLocked leaves out what is said from now on.
func (r *recording) pauseLocked(skip bool) {
	r.status, r.pauses = "paused", append(r.pauses, recordingPause{from: r.call.now, skip: skip})
}

// resumeLocked ends a pause.
func (r *recording) resumeLocked() {
	if r.status == "paused" {
		r.status, r.pauses[len(r.pauses)-1].to = "in-progress", r.call.now
	}
}

// stopLocked ends the recording. Its file exists, and its callback is sent, a little later.
func (r *recording) stopLocked() {
	c := r.call
	r.resumeLocked()
	r.ended = c.now
	if r.status != "deleted" {
		r.status = "processing"
	}
	if early := c.sim.seed.happens(c.sim.config.Faults.RecordingEarly, c.key, "recording early"); early && !c.ended.IsZero() {
		c.sim.counts[FaultRecordingEarly]++
		c.pending = append(c.pending, r.complete)
		return
	}
	c.pending = append(c.pending, func(context.Context) { c.at(processing, r.complete) })
}

// complete decides what became of the recording, and reports it.
func (r *recording) complete(ctx context.Context) {
	s, f := r.call.sim, r.call.sim.config.Faults
	final := "completed"
	switch {
	case r.length() < shortest:
		final = "absent"
	case s.seed.happens(f.RecordingAbsent, r.key(), "absent"):
		final = "absent"
		s.count(FaultRecordingAbsent)
	case s.seed.happens(f.RecordingFailed, r.key(), "failed"):
		final = "failed"
		s.count(FaultRecordingFailed)
	}
	r.call.set(func() {
		if r.status != "deleted" {
			r.status = final
		}
		if r.empty = final == "completed" && s.seed.happens(f.RecordingEmpty, r.key(), "empty"); r.empty {
			s.counts[FaultRecordingEmpty]++
		}
		if r.silent = final == "completed" && !r.empty && s.seed.happens(f.RecordingSilent, r.key(), "silent"); r.silent {
			s.counts[FaultRecordingSilent]++
		}
		if s.seed.happens(f.MediaLate, r.key(), "media late") {
			r.late = 1 + s.seed.rand(r.key(), "media late how").IntN(2)
		}
	})
	r.report(ctx, final)
}

// report sends a recording status callback, if the application asked for this one (Twilio: Recording status
// callback). The URL in it has no extension. Twilio does not document who gets failed: here, those who asked for
// absent.
func (r *recording) report(ctx context.Context, status string) {
	event := status
	if status == "failed" {
		event = "absent"
	}
	if r.order.callback == "" || !slices.Contains(r.order.events, event) {
		return
	}
	p := url.Values{}
	p.Set("AccountSid", r.call.sim.config.AccountSid)
	p.Set("CallSid", r.call.sid)
	p.Set("RecordingSid", r.sid)
	p.Set("RecordingUrl", r.mediaURL())
	p.Set("RecordingStatus", status)
	p.Set("RecordingChannels", strconv.Itoa(r.order.channels))
	p.Set("RecordingStartTime", rfc2822(r.started))
	p.Set("RecordingSource", r.order.source)
	p.Set("RecordingTrack", r.order.track)
	p.Set("ErrorCode", "0")
	if status == "completed" {
		p.Set("RecordingDuration", strconv.Itoa(r.seconds()))
	}
	r.call.dispatch(ctx, webhook{kind: KindRecording, method: r.order.method, url: r.order.callback, params: p})
}

// recordingNow says whether the call is being recorded.
func (c *call) recordingNow() bool {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return slices.ContainsFunc(c.recordings, func(r *recording) bool { return r.ended.IsZero() })
}

// outboundRecording is the one that Record=true made, or nil; its caller holds mu.
func (c *call) outboundRecording() *recording {
	for _, r := range c.recordings {
		if r.order.source == "OutboundAPI" && !r.order.unasked {
			return r
		}
	}
	return nil
}

// mediaURL is where the recording is, without an extension.
func (r *recording) mediaURL() string {
	return r.call.base + "/" + apiVersion + "/Accounts/" + r.call.sim.config.AccountSid + "/Recordings/" + r.sid
}

// length is how long the recording is, so far if it runs.
func (r *recording) length() time.Duration { return r.end().Sub(r.started) - r.skipped(r.end()) }

// end is when the recording ended; of one that runs, the present moment.
func (r *recording) end() time.Time {
	if r.ended.IsZero() {
		return r.call.now
	}
	return r.ended
}

// skipped is how much of the call up to a moment the file leaves out.
func (r *recording) skipped(until time.Time) time.Duration {
	var total time.Duration
	for _, p := range r.pauses {
		if p.skip && p.from.Before(until) {
			total += earlier(p.end(until), until).Sub(p.from)
		}
	}
	return total
}

// misses says whether a pause overlaps a part of the call.
func (r *recording) misses(from, to time.Time) bool {
	return slices.ContainsFunc(r.pauses, func(p recordingPause) bool { return p.from.Before(to) && p.end(to).After(from) })
}

func (p recordingPause) end(now time.Time) time.Time {
	if p.to.IsZero() {
		return now
	}
	return p.to
}

func (r *recording) seconds() int { return int(r.length().Round(time.Second) / time.Second) }

// heard is what was said by one side while the recording ran, line by line; the times of the words are still
// those of the call, less what the file skips. Words at the edges are in or out as a whole.
func (r *recording) heard(speaker Speaker) []Line {
	if r.empty || r.silent && speaker == Person {
		return nil
	}
	end := r.end()
	var lines []Line
	for _, line := range r.call.lines {
		if line.Speaker != speaker {
			continue
		}
		line.words = slices.DeleteFunc(slices.Clone(line.words), func(w word) bool {
			return w.start.Before(r.started) || w.end.After(end) || r.misses(w.start, w.end)
		})
		for i, w := range line.words {
			skipped := r.skipped(w.start)
			line.words[i].start, line.words[i].end = w.start.Add(-skipped), w.end.Add(-skipped)
		}
		if len(line.words) > 0 {
			line.start, line.end = line.words[0].start, line.words[len(line.words)-1].end
			lines = append(lines, line)
		}
	}
	return lines
}

// speakers are the sides heard on a channel: 1 or 2 of a dual recording, anything else for the mix of both.
func (r *recording) speakers(channel int) []Speaker {
	switch {
	case channel == r.call.person:
		return []Speaker{Person}
	case channel == 3-r.call.person:
		return []Speaker{Agent}
	default:
		return []Speaker{Agent, Person}
	}
}

func channelCount(name string) int {
	if name == "dual" {
		return 2
	}
	return 1
}
