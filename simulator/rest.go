package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// routes is every path that the simulator serves.
func (s *Simulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	account := "/" + apiVersion + "/Accounts/{account}"
	for pattern, handle := range map[string]http.HandlerFunc{
		"POST " + account + "/Calls.json":                            s.createCall,
		"GET " + account + "/Calls.json":                             s.listCalls,
		"GET " + account + "/Calls/{call}":                           s.fetchCall,
		"POST " + account + "/Calls/{call}":                          s.updateCall,
		"DELETE " + account + "/Calls/{call}":                        s.deleteCall,
		"GET " + account + "/Calls/{call}/Events.json":               s.listEvents,
		"GET " + account + "/Calls/{call}/Recordings.json":           s.listRecordings,
		"POST " + account + "/Calls/{call}/Recordings.json":          s.createRecording,
		"GET " + account + "/Calls/{call}/Recordings/{recording}":    s.fetchRecording,
		"POST " + account + "/Calls/{call}/Recordings/{recording}":   s.updateRecording,
		"DELETE " + account + "/Calls/{call}/Recordings/{recording}": s.deleteRecording,
		"POST " + account + "/Messages.json":                         s.createMessage,
		"GET " + account + "/Messages.json":                          s.listMessages,
		"GET " + account + "/Messages/{message}":                     s.fetchMessage,
		"GET " + account:                                             s.fetchAccount,
		"GET " + account + "/Balance.json":                           s.fetchBalance,
		"GET " + account + "/IncomingPhoneNumbers.json":              s.listNumbers,
		"GET " + account + "/IncomingPhoneNumbers/{number}":          s.fetchNumber,
		"POST " + account + "/IncomingPhoneNumbers/{number}":         s.updateNumber,
		"GET " + account + "/OutgoingCallerIds.json":                 s.listCallerIDs,
		"GET /v1/DialingPermissions/Countries":                       s.listPermissions, // of voice.twilio.com
		"GET /v1/DialingPermissions/Countries/{iso}":                 s.fetchPermission, // of voice.twilio.com
		"POST /v1/AuthTokens/Secondary":                              s.createSecondary, // of accounts.twilio.com
		"DELETE /v1/AuthTokens/Secondary":                            s.deleteSecondary, // of accounts.twilio.com
		"POST /v1/AuthTokens/Promote":                                s.promote,         // of accounts.twilio.com
		"GET " + account + "/Recordings.json":                        s.listRecordings,
		"GET " + account + "/Recordings/{recording}":                 s.fetchRecording,
		"DELETE " + account + "/Recordings/{recording}":              s.deleteRecording,
	} {
		mux.HandleFunc(pattern, s.authenticated(handle))
	}
	mux.HandleFunc("/"+apiVersion+"/", s.authenticated(refuseUnknown))
	mux.HandleFunc("POST /v1/audio/transcriptions", s.transcribe)
	mux.HandleFunc("POST /v1/chat/completions", s.chat)
	mux.HandleFunc("POST /v1/responses", s.respond)
	return mux
}

// authenticated lets a request pass that has the account's SID and token, and names that account in its path.
func (s *Simulator) authenticated(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		ours := subtle.ConstantTimeCompare([]byte(user), []byte(s.config.AccountSid)) == 1
		known := s.knows(password)
		named := strings.TrimSuffix(r.PathValue("account"), ".json")
		if !ours || !known || named != "" && named != s.config.AccountSid || s.refuses(password) {
			refuseCredentials(w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			refuse(w, http.StatusBadRequest, 20001, "Unable to parse the request: "+err.Error())
			return
		}
		if s.tooMany() {
			s.count(FaultRESTBusy)
			refuse(w, http.StatusTooManyRequests, 20429, "Too Many Requests")
			return
		}
		if !s.injectRESTFault(w, r, next) {
			next(w, r)
		}
	}
}

// tooMany counts a request, and says whether there were too many in this second ([Config.RequestsPerSecond]).
func (s *Simulator) tooMany() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config.RequestsPerSecond == 0 {
		return false
	}
	if now := s.config.Now().Truncate(time.Second); !now.Equal(s.second) {
		s.second, s.inSecond = now, 0
	}
	s.inSecond++
	return s.inSecond > s.config.RequestsPerSecond
}

// create answers a request that creates a call or a message: 400 for what check refuses, else 201 with what add added. That starts
// once the answer is on its way.
func (s *Simulator) create(w http.ResponseWriter, r *http.Request, check func(url.Values) (int, string), add func(url.Values) (map[string]any, func())) {
	params := cloned(r.PostForm)
	if code, message := check(params); code != 0 {
		refuse(w, http.StatusBadRequest, code, message)
		return
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		refuse(w, http.StatusServiceUnavailable, 20503, "The simulator is closed")
		return
	}
	body, start := add(params)
	s.mu.Unlock()
	answer(w, http.StatusCreated, body)
	_ = http.NewResponseController(w).Flush() // a writer that cannot flush sends it when this returns
	start()
}

// problem is the body of a refused request (Twilio: REST API responses).
type problem struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	answer(w, status, problem{Code: code, Message: message, Status: status,
		MoreInfo: fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code)})
}

func refuseUnknown(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // only for a bug of ours: all bodies are plain data
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// page is one page of a list; the list itself goes in under its name.
func page(r *http.Request, name string, all []map[string]any) map[string]any {
	number, err := strconv.Atoi(r.URL.Query().Get("Page"))
	if err != nil || number < 0 {
		number = 0
	}
	size, err := strconv.Atoi(r.URL.Query().Get("PageSize"))
	if err != nil || size < 1 {
		size = 50
	}
	size = min(size, 1000)
	start := min(number*size, len(all))
	end := min(start+size, len(all))
	items := all[start:end]
	if items == nil {
		items = []map[string]any{}
	}
	uri := func(n int) string {
		query := r.URL.Query()
		query.Set("Page", strconv.Itoa(n))
		query.Set("PageSize", strconv.Itoa(size))
		return (&url.URL{Path: r.URL.Path, RawQuery: query.Encode()}).String()
	}
	p := map[string]any{name: items, "page": number, "page_size": size, "start": start, "end": max(end-1, start),
		"uri": uri(number), "first_page_uri": uri(0), "next_page_uri": nil, "previous_page_uri": nil}
	if end < len(all) {
		p["next_page_uri"] = uri(number + 1)
	}
	if number > 0 {
		p["previous_page_uri"] = uri(number - 1)
	}
	return p
}

// baseURL is how the application reached this simulator.
func baseURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// sidOf takes a SID out of a path segment such as "CA….json".
func sidOf(segment string) (sid, extension string) {
	sid, extension, _ = strings.Cut(segment, ".")
	return sid, extension
}
