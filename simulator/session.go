package simulator

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"time"
)

// session is one call or one message from its creation to its last callback. It has a virtual time of its own, and sends
// webhooks along it. One goroutine runs it; REST handlers read it, and leave work in pending.
type session struct {
	sim     *Simulator
	key     string        // names the session without a SID: every random choice is drawn from it
	sid     string        // CallSid or MessageSid
	to      string        // the person's number
	changed chan struct{} // wakes the goroutine when a REST request changed something
	cancel  context.CancelFunc
	client  *http.Client // keeps cookies for the length of the session, as Twilio does

	now     time.Time               // guarded by Simulator.mu, written by the session's goroutine only
	pending []func(context.Context) // guarded by Simulator.mu; what the goroutine has to do before it goes on

	asleep  sleeper // on Config.Clock
	working bool    // counted by Config.Clock already

	scheduled []scheduled // sorted by time, then by the order in which they were scheduled
	ordinal   int         // of the next webhook
	held      []held      // webhooks that wait for later ones to overtake them
}

// scheduled is something that happens at a moment of the virtual time.
type scheduled struct {
	at time.Time
	do func(context.Context)
}

func (s *Simulator) newSession(key, sid, to string, now time.Time) session {
	jar, _ := cookiejar.New(nil) // fails only for a broken public suffix list, and none is given
	return session{sim: s, key: key, sid: sid, to: to, now: now, changed: make(chan struct{}, 1), cancel: func() {},
		client: &http.Client{Transport: s.send, Jar: jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// launch runs a session in a goroutine of its own; count is called once it is over, with mu held. The session is counted as in
// flight already.
func (s *Simulator) launch(ctx context.Context, session *session, run func(context.Context), count func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	session.cancel = cancel
	if s.closed {
		cancel()
	}
	session.work()
	s.mu.Unlock()
	go func() {
		defer session.rest()
		defer s.finish(count)
		defer cancel()
		if s.config.Clock == nil {
			select {
			case s.slots <- struct{}{}:
				defer func() { <-s.slots }()
			case <-ctx.Done():
			case <-session.changed: // canceled while it is queued
			}
		}
		run(ctx)
	}()
}

// work counts a session as at work on the clock, from the request that created it on, so that the clock cannot move on before it
// has begun. The caller holds mu.
func (s *session) work() {
	if s.sim.config.Clock != nil && !s.working {
		s.working = true
		s.sim.config.Clock.begin()
	}
}

// rest counts it no more, once it is over.
func (s *session) rest() {
	if s.sim.config.Clock != nil {
		s.sim.config.Clock.end()
	}
}

// wake tells the session that a REST request changed something; its caller holds mu.
func (s *session) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
	if s.sim.config.Clock != nil {
		s.sim.config.Clock.wake(&s.asleep)
	}
}

// sids returns the SID as the one of a call or of a message; the other is empty.
func (s *session) sids() (call, message string) {
	if strings.HasPrefix(s.sid, "CA") {
		return s.sid, ""
	}
	return "", s.sid
}

// set runs a change of what the REST API shows, with Simulator.mu held.
func (s *session) set(change func()) {
	s.sim.mu.Lock()
	defer s.sim.mu.Unlock()
	change()
}

// at schedules do for d from now.
func (s *session) at(d time.Duration, do func(context.Context)) {
	next := scheduled{at: s.now.Add(d), do: do}
	i, _ := slices.BinarySearchFunc(s.scheduled, next, func(have, want scheduled) int {
		if have.at.After(want.at) {
			return 1
		}
		return -1 // the same moment: after what was scheduled before
	})
	s.scheduled = slices.Insert(s.scheduled, i, next)
}

// drain does everything that is still scheduled, then sends what is still held back.
func (s *session) drain(ctx context.Context) {
	for s.runPending(ctx); len(s.scheduled) > 0; s.runPending(ctx) {
		next := s.scheduled[0]
		s.scheduled = s.scheduled[1:]
		s.moveTo(ctx, later(next.at, s.now))
		next.do(ctx)
	}
	s.flush(ctx)
}

// runPending does what REST handlers and verbs have left for the session's goroutine.
func (s *session) runPending(ctx context.Context) {
	var pending []func(context.Context)
	s.set(func() { pending, s.pending = s.pending, nil })
	for _, do := range pending {
		do(ctx)
	}
}

// moveTo sets the virtual time; with Config.Speed it takes as long as that says, with Config.Clock until that shows it. REST cuts
// the wait short.
func (s *session) moveTo(ctx context.Context, t time.Time) {
	if clock := s.sim.config.Clock; clock != nil {
		clock.sleep(ctx, &s.asleep, t, s.changed)
		select {
		case <-s.changed:
		default:
		}
		if t = clock.Now(); t.Before(s.now) {
			t = s.now
		}
	}
	if speed := s.sim.config.Speed; speed > 0 && t.After(s.now) {
		began := time.Now()
		timer := time.NewTimer(time.Duration(float64(t.Sub(s.now)) / speed))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-s.changed:
			t = earlier(t, s.now.Add(time.Duration(float64(time.Since(began))*speed)))
		}
	}
	s.set(func() { s.now = t })
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
