package simulator

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// listLag is the age from which a call or message is in a lagging list. An application that asks several times in two minutes
// finds it.
const listLag = 45 * time.Second

// restAnswerFault draws the faults that look like answers. key and n are those of restFault.
func (s *Simulator) restAnswerFault(r *http.Request, key string, n int) Fault {
	f := s.config.Faults
	lists := r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "s.json")
	filtered := lists && !strings.Contains(r.URL.Path, "/Calls/") && !strings.HasSuffix(r.URL.Path, "/Recordings.json")
	creates := r.Method == http.MethodPost && (strings.HasSuffix(r.URL.Path, "/Calls.json") || strings.HasSuffix(r.URL.Path, "/Messages.json"))
	for _, kind := range []struct {
		fault Fault
		rate  float64
		may   bool
	}{
		{FaultRESTUnauthorized, f.RESTUnauthorized, true},
		{FaultRESTNoList, f.RESTNoList, lists}, {FaultRESTForeignRows, f.RESTForeignRows, filtered}, {FaultRESTLaggingList, f.RESTLaggingList, filtered},
		{FaultRESTNoSid, f.RESTNoSid, creates},
		{FaultRESTNotFoundBefore, f.RESTNotFoundBefore, creates}, {FaultRESTNotFoundAfter, f.RESTNotFoundAfter, creates},
	} {
		if kind.may && s.seed.happens(kind.rate, key, n, string(kind.fault)) {
			return kind.fault
		}
	}
	return FaultNone
}

// answerWrongly answers a request with a fault that looks like an answer.
func (s *Simulator) answerWrongly(w http.ResponseWriter, r *http.Request, fault Fault) {
	switch fault {
	case FaultRESTUnauthorized:
		refuseCredentials(w)
	case FaultRESTNoSid:
		answer(w, http.StatusCreated, map[string]any{"status": "queued"})
	case FaultRESTNotFoundBefore, FaultRESTNotFoundAfter:
		htmlPage(w, http.StatusNotFound, "404 Not Found")
	case FaultRESTForeignRows:
		name, list, foreign := s.listOf(r)
		answer(w, http.StatusOK, page(r, name, append([]map[string]any{foreign}, list(nil, 0)...)))
	case FaultRESTLaggingList:
		name, list, _ := s.listOf(r)
		answer(w, http.StatusOK, page(r, name, list(r.URL.Query(), listLag)))
	default:
		s.noList(w, r)
	}
}

// listOf returns the list that a request asks for, of calls or of messages, and a row of it that is somebody else's.
func (s *Simulator) listOf(r *http.Request) (name string, list func(url.Values, time.Duration) []map[string]any, foreign map[string]any) {
	if strings.HasSuffix(r.URL.Path, "/Messages.json") {
		foreign = s.foreignRow("SM")
		foreign["body"], foreign["num_media"], foreign["num_segments"], foreign["status"] = "Hello", "0", "1", "delivered"
		return "messages", s.listedMessages, foreign
	}
	return "calls", s.listed, s.foreignRow("CA")
}

// noList answers 200 with something that is no list.
func (s *Simulator) noList(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := s.counts[FaultRESTNoList]
	s.mu.Unlock()
	switch n % 4 {
	case 0:
		answer(w, http.StatusOK, map[string]any{})
	case 1:
		answer(w, http.StatusOK, nil)
	case 2:
		answer(w, http.StatusOK, map[string]any{"message": "The service is under maintenance", "status": http.StatusOK})
	default:
		htmlPage(w, http.StatusOK, "Back soon")
	}
}

// foreignRow is a call or a message of the account that another program created just now, to another number.
func (s *Simulator) foreignRow(prefix string) map[string]any {
	now := s.config.Now()
	return map[string]any{
		"sid": s.seed.sid(prefix, s.config.Run, 0, "stranger"), "account_sid": s.config.AccountSid, "api_version": apiVersion,
		"to": "+15550199999", "from": "+15550199998", "status": "in-progress", "direction": "outbound-api",
		"date_created": rfc2822(now), "date_updated": rfc2822(now), "start_time": rfc2822(now), "end_time": nil, "duration": nil,
		"parent_call_sid": nil,
	}
}

func htmlPage(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><body><h1>"+text+"</h1></body></html>")
}

func refuseCredentials(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	refuse(w, http.StatusUnauthorized, 20003, "Authenticate")
}

// RefuseCredentials makes the REST API refuse these tokens from now on, whichever of them are the account's; without any it
// refuses all. Webhooks are signed as before. It takes the place of an earlier call.
func (s *Simulator) RefuseCredentials(tokens ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = func(token string) bool { return len(tokens) == 0 || slices.Contains(tokens, token) }
}

// AcceptCredentials makes the REST API accept the account's tokens again.
func (s *Simulator) AcceptCredentials() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = nil
}

// refuses reports whether a token is refused for now.
func (s *Simulator) refuses(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused != nil && s.refused(token)
}
