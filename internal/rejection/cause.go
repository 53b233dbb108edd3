package rejection

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// Kinds of causes beside those of package signature.
const (
	CauseUnknownPath = "unknown-path"    // no webhook is served at the path
	CauseRedirect    = "redirect-as-get" // a redirect made a GET of a POST
	CauseTooLarge    = "too-large"       // more than Twilio ever sends
	CauseUnreadable  = "unreadable-body" // the body broke off, came too slowly, or was read before
	CauseInternal    = "internal"        // the verification itself failed
	// CauseUnexplained is that of a rejection for whose causes nobody has looked: there were too many.
	CauseUnexplained = "unexplained"
)

// verdicts are the causes that a verdict of package signature says by itself.
var verdicts = []struct {
	err  error
	kind signature.CauseKind
}{
	{signature.ErrMissingHeader, signature.CauseHeader}, {signature.ErrNoToken, signature.CauseToken},
	{signature.ErrBodyHashMismatch, signature.CauseBodyHash}, {signature.ErrUnsignedBody, signature.CauseContentType},
	{signature.ErrUnknownAccount, signature.CauseAccount}, {signature.ErrMalformedBody, signature.CauseMalformed},
	{signature.ErrMalformedTarget, signature.CauseMalformed},
}

// quickCause is the kind of a rejection as far as it is known without computing anything.
func quickCause(r *Request) string {
	switch r.Status {
	case http.StatusNotFound:
		return CauseUnknownPath
	case http.StatusMethodNotAllowed:
		return methodKind(r)
	case http.StatusRequestEntityTooLarge:
		return CauseTooLarge
	case http.StatusUnsupportedMediaType:
		return string(signature.CauseContentType)
	case http.StatusBadRequest, http.StatusServiceUnavailable:
		return CauseUnreadable
	case http.StatusInternalServerError:
		return CauseInternal
	}
	for _, v := range verdicts {
		if errors.Is(r.Err, v.err) {
			return string(v.kind)
		}
	}
	return CauseUnexplained
}

// methodKind tells a GET that was asked for from one that a redirect made: Twilio puts its parameters into the query of the first,
// and loses them with the second.
func methodKind(r *Request) string {
	if r.Method != http.MethodGet || signature.ParseTarget(r.Target).Has("CallSid") {
		return string(signature.CauseMethod)
	}
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return string(signature.CauseWebSocket)
	}
	return CauseRedirect
}

// refusalCause is the cause of a request that was refused because of something else than its signature.
func (e *Explainer) refusalCause(r *Request) (cause store.RejectionCause, ok bool) {
	cause.Kind = quickCause(r)
	switch cause.Kind {
	case CauseUnknownPath:
		cause.Text, cause.Cure = e.unknownPath(r)
	case CauseRedirect:
		cause.Text = "a GET without Twilio's parameters: a redirect (301, 302) in front of this server made a GET of Twilio's POST and lost them, " +
			"or somebody opened the URL"
		cause.Cure = "give Twilio the URL that nothing redirects, which begins with " + e.base + ", or set APP_URL to it"
	case string(signature.CauseWebSocket):
		cause.Text, cause.Cure = "a WebSocket handshake: media streams are not served here", "give Twilio no <Stream> URL of this server"
	case string(signature.CauseMethod):
		cause.Text = fmt.Sprintf("method %s: webhooks are taken as POST only", bounded(r.Method, maxText))
		cause.Cure = "choose POST beside the URL at Twilio"
	case CauseTooLarge:
		cause.Text = fmt.Sprintf("a body of more than %d KiB: Twilio's have less than 4", inbox.DefaultMaxBody>>10)
		cause.Cure = "find out what adds to the body on its way; otherwise the request is not Twilio's"
	case CauseUnreadable:
		cause.Text, cause.Cure = unreadable(r)
	case CauseInternal:
		cause.Text, cause.Cure = "the verification itself failed", "report it, with the error"
	case string(signature.CauseContentType):
		if r.Status == http.StatusForbidden {
			return cause, false
		}
		cause.Text = fmt.Sprintf("content type %q is no form, which Twilio's webhooks are", bounded(r.ContentType, maxText))
		cause.Cure = "let nothing on the way change the Content-Type; a gateway may need a setting to pass forms on as they are"
	default:
		return cause, false
	}
	return cause, true
}

func unreadable(r *Request) (text, cure string) {
	switch {
	case errors.Is(r.Err, inbox.ErrBodyRead):
		return "something in this program has read the body before its signature was checked", "put that behind the webhooks"
	case r.Status == http.StatusServiceUnavailable:
		return "the body came too slowly", "look at the network between the proxy and this server; otherwise the client holds connections open"
	case bodiless(r.Method):
		return "a GET with a body, which nobody signed", "let the proxy send no body with a GET"
	}
	return "the body ended too early", "look at the proxy's timeouts and limits; otherwise the client hung up"
}

// unknownPath says what is served, and what probably happened to the path.
func (e *Explainer) unknownPath(r *Request) (text, cure string) {
	path := r.path()
	text = fmt.Sprintf("no webhook is served at %s; expected %s{%s}", e.redactor.path(path), e.paths[0], strings.Join(e.kinds, ","))
	known := func(path string) string {
		for _, folder := range e.paths {
			for _, kind := range e.kinds {
				if strings.EqualFold(path, folder+kind) {
					return folder + kind
				}
			}
		}
		return ""
	}
	clean := "/" + strings.Trim(path, "/")
	for strings.Contains(clean, "//") {
		clean = strings.ReplaceAll(clean, "//", "/")
	}
	if wanted := known(clean); wanted != "" {
		return text, "the path differs in slashes or in case: write " + e.base + wanted + " at Twilio, and let the proxy leave it alone"
	}
	for _, folder := range e.paths {
		for _, kind := range e.kinds {
			wanted := folder + kind
			if prefix, ok := strings.CutSuffix(clean, wanted); ok {
				return text, "the path has " + e.redactor.path(prefix) + " in front: set APP_URL to the URL that ends with it, or let the proxy cut it off"
			}
			if len(clean) > len(kind)+1 && strings.HasSuffix(wanted, clean) {
				return text, "the proxy cuts off " + strings.TrimSuffix(wanted, clean) + ": let it pass the whole path on"
			}
		}
	}
	return text, "write one of these URLs at Twilio: " + e.base + e.paths[0] + "voice, …"
}
