package simulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// restFault draws the fault of a request: the n-th of those with its key. Faults after the work was done are drawn for requests
// that change something.
func (s *Simulator) restFault(r *http.Request) Fault {
	f := s.config.Faults
	key := s.restKey(r)
	s.mu.Lock()
	n := s.asked[key]
	s.asked[key]++
	s.mu.Unlock()
	for _, kind := range []struct {
		fault  Fault
		rate   float64
		writes bool
	}{
		{FaultRESTBusy, f.RESTBusy, false},
		{FaultRESTErrorBefore, f.RESTErrorBefore, false}, {FaultRESTErrorAfter, f.RESTErrorAfter, true},
		{FaultRESTTimeoutBefore, f.RESTTimeoutBefore, false}, {FaultRESTTimeoutAfter, f.RESTTimeoutAfter, true},
		{FaultRESTCutBefore, f.RESTCutBefore, false}, {FaultRESTCutAfter, f.RESTCutAfter, true},
	} {
		if (!kind.writes || r.Method != http.MethodGet) && s.seed.happens(kind.rate, key, n, string(kind.fault)) {
			return kind.fault
		}
	}
	return s.restAnswerFault(r, key, n)
}

// restKey names what a request is about without SIDs, which change with Config.Run.
func (s *Simulator) restKey(r *http.Request) string {
	key := r.Method + " " + r.Pattern
	s.mu.Lock()
	defer s.mu.Unlock()
	if sid, _ := sidOf(r.PathValue("call")); s.bySid[sid] != nil {
		key += " " + s.bySid[sid].key
	}
	if sid, _ := sidOf(r.PathValue("message")); s.messageBySid[sid] != nil {
		key += " " + s.messageBySid[sid].key
	}
	if sid, extension := sidOf(r.PathValue("recording")); s.recordings[sid] != nil {
		key += " " + s.recordings[sid].key() + extension
	}
	return key + " " + cmp.Or(r.Form.Get("To"), r.Form.Get("CallSid"))
}

// injectRESTFault draws a fault for a REST request that was authenticated and parsed, and answers accordingly. It reports whether
// there was one.
func (s *Simulator) injectRESTFault(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) bool {
	fault := s.restFault(r)
	if fault == FaultNone {
		return false
	}
	s.count(fault)
	switch fault {
	case FaultRESTErrorAfter, FaultRESTTimeoutAfter, FaultRESTCutAfter, FaultRESTNoSid, FaultRESTNotFoundAfter:
		var lost lostResponse
		next(&lost, r)
		s.rememberLostAnswer(r, lost.body.Bytes())
	}
	switch fault {
	case FaultRESTBusy:
		refuse(w, http.StatusTooManyRequests, 20429, "Too Many Requests")
	case FaultRESTErrorBefore, FaultRESTErrorAfter:
		refuse(w, http.StatusInternalServerError, 20500, "An internal server error has occurred")
	case FaultRESTTimeoutBefore, FaultRESTTimeoutAfter:
		pause(r.Context(), s.config.Hang)
		panic(http.ErrAbortHandler) // net/http: breaks the connection without an answer
	case FaultRESTNoList, FaultRESTForeignRows, FaultRESTLaggingList, FaultRESTUnauthorized, FaultRESTNoSid, FaultRESTNotFoundBefore, FaultRESTNotFoundAfter:
		s.answerWrongly(w, r, fault)
	default:
		panic(http.ErrAbortHandler)
	}
	return true
}

// lostAnswer is the last call or message to a person that was created by a request whose answer the application did not get.
type lostAnswer struct{ sid, body string }

// callTo is what two requests to call a number have in common; messageTo is the same for messages.
func callTo(number string) string { return "call to " + number }

// rememberLostAnswer notes what a request created whose answer the application does not get; nothing if it was refused.
func (s *Simulator) rememberLostAnswer(r *http.Request, answer []byte) {
	var created struct {
		Sid string `json:"sid"`
	}
	if json.Unmarshal(answer, &created) != nil || created.Sid == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch to := r.PostForm.Get("To"); {
	case strings.HasSuffix(r.URL.Path, "/Calls.json"):
		s.lostAnswers[callTo(to)] = lostAnswer{sid: created.Sid}
	case strings.HasSuffix(r.URL.Path, "/Messages.json"):
		s.lostAnswers[messageTo(to)] = lostAnswer{sid: created.Sid, body: r.PostForm.Get("Body")}
	}
}

// noteRepeat notes a request that asks again for what was created, though its answer was lost; its caller holds mu. A lost
// answer counts against the next request to that person only: with another body, the application has gone on.
func (s *Simulator) noteRepeat(key, sid, body string) {
	rule := RuleCalledTwice
	if !strings.HasPrefix(sid, "CA") {
		rule = RuleTextedTwice
	}
	if first, lost := s.lostAnswers[key]; lost && first.body == body {
		s.repeats[rule] = append(s.repeats[rule], sid+" after "+first.sid)
	}
	delete(s.lostAnswers, key)
}

// optOut is when and on which call a person said that they never want to be called again.
type optOut struct {
	sid     string
	at      time.Time
	inbound bool
}

// dialUnderWay is how long after an opt-out on an inbound call a call to the person may still come: it may have been on its way
// when they said so. On a call to them there can be none.
const dialUnderWay = 30 * time.Second

// noteOptOut notes a call to somebody who never wants to be called again; its caller holds mu.
func (s *Simulator) noteOptOut(c *call) {
	out, said := s.optOuts[c.to]
	if said && (!out.inbound || c.created.Sub(out.at) > dialUnderWay) {
		s.repeats[RuleCalledAfterOptOut] = append(s.repeats[RuleCalledAfterOptOut], c.sid+" after "+out.sid)
	}
}

// count notes a fault that is no delivery.
func (s *Simulator) count(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[fault]++
}

// lostResponse is a ResponseWriter whose answer is kept and not sent.
type lostResponse struct{ body bytes.Buffer }

func (*lostResponse) Header() http.Header           { return http.Header{} }
func (l *lostResponse) Write(p []byte) (int, error) { return l.body.Write(p) }
func (*lostResponse) WriteHeader(int)               {}

// defaultHang is short enough for a test, and longer than the simulator takes for any answer.
const defaultHang = 2 * time.Second
