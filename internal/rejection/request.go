package rejection

import (
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/signature"
)

// Request is a refused request with all that was sent. It is held in memory only.
type Request struct {
	signature.Request
	// Kind is the webhook that was asked for, "" for a path that is none.
	Kind inbox.Kind
	// Status is the answer, and Err says why.
	Status int
	Err    error
	// Header has the headers that name the URL which was called, with the host as "Host".
	Header http.Header
	// Incomplete says that there is more of the body.
	Incomplete bool
	// Client is the address that counts for rate limits.
	Client     string
	ReceivedAt time.Time
}

// copied are the headers by which a proxy may say what URL was called.
var copied = []string{"X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Original-Uri", "Forwarded",
	"Upgrade", "Content-Encoding", "Content-Length"}

// maxHeader bounds what is held of a header, in bytes.
const maxHeader = 512

// NewRequest copies what is needed of a rejection of package inbox. The body is kept, not copied.
func NewRequest(r *inbox.Rejection, client string) Request {
	header := http.Header{"Host": {clone(r.Request.Host)}}
	for _, name := range copied {
		if value := r.Request.Header.Get(name); value != "" {
			header.Set(name, clone(value))
		}
	}
	return Request{
		Request: signature.Request{
			Method: clone(r.Request.Method), Target: strings.Clone(r.Request.RequestURI), ContentType: clone(r.Request.Header.Get("Content-Type")),
			Signature: clone(r.Request.Header.Get(signature.Header)), Body: r.Body,
			WebSocket: r.Request.Method == http.MethodGet && strings.EqualFold(r.Request.Header.Get("Upgrade"), "websocket"),
		},
		Kind: r.Kind, Status: r.Status, Err: r.Err, Header: header, Incomplete: r.Incomplete, Client: client, ReceivedAt: r.ReceivedAt,
	}
}

// clone keeps none of the memory of the request that a part is of.
func clone(s string) string { return strings.Clone(s[:min(len(s), maxHeader)]) }

// size is about how much memory a request takes, in bytes.
func (r *Request) size() int { return len(r.Target) + cap(r.Body) + 1<<10 }

// path is the path of the target.
func (r *Request) path() string {
	path, _, _ := strings.Cut(r.Target, "#")
	path, _, _ = strings.Cut(path, "?")
	return path
}

// accountSid is the account that the request claims, "" unless it is shaped like one.
func (r *Request) accountSid() string {
	form := signature.ParseTarget(r.Target)
	if !bodiless(r.Method) {
		form = signature.ParseForm(string(r.Body))
	}
	sid := form.Get("AccountSid")
	if len(sid) != 34 || !strings.HasPrefix(sid, "AC") || strings.Trim(sid[2:], "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return sid
}

func bodiless(method string) bool { return method == http.MethodGet || method == http.MethodHead }
