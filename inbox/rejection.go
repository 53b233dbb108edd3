package inbox

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"time"
)

// Rejection is a request that was refused before it was known to be Twilio's. Anybody can cause one, and nothing of it is to
// be trusted: whoever keeps rejections should bound how many, and keep no values of their parameters.
type Rejection struct {
	// Request is the request, whose body has been read. It must not be used after the hook has returned.
	Request *http.Request
	// Kind names the webhook that was asked for.
	Kind Kind
	// Status is the answer: 400, 403, 405, 413, 415, 500 or 503. [Config].Reject may answer a 403 otherwise.
	Status int
	// Err says why. For a 403 it is the error of the Verifier.
	Err error
	// Body is what was sent of the body, at most [Config].MaxBody bytes. It may be kept.
	Body []byte
	// Incomplete says that there is, or may be, more of the body.
	Incomplete bool
	// ReceivedAt is when the request arrived, UTC.
	ReceivedAt time.Time
}

// rejected calls the hooks of a refused request, and answers it.
func (h *Handler) rejected(w http.ResponseWriter, r *http.Request, body []byte, status int, err error, now time.Time) {
	if h.config.OnRejected != nil {
		h.config.OnRejected(r, status, err)
	}
	fault := errors.As(err, new(*PanicError))
	if fault {
		status = http.StatusInternalServerError
	}
	if h.config.OnRejection != nil {
		incomplete := status == http.StatusRequestEntityTooLarge || status == http.StatusServiceUnavailable || errors.Is(err, errBrokenOff)
		if unread := []int{http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType}; slices.Contains(unread, status) {
			body, incomplete = h.peek(r)
		}
		h.config.OnRejection(&Rejection{Request: r, Kind: h.kind(r), Status: status, Err: err, Body: body,
			Incomplete: incomplete, ReceivedAt: now.UTC()})
	}
	switch {
	case fault:
		WriteError(w, http.StatusInternalServerError, reasonFault)
	case status == http.StatusForbidden && h.config.Reject != nil:
		h.config.Reject(w, r, err)
	default:
		WriteError(w, status, reasons[status])
	}
}

// peek reads the body of a request that is refused because of its method or type.
func (h *Handler) peek(r *http.Request) (body []byte, incomplete bool) {
	if r.Body == nil {
		return nil, false
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, h.config.MaxBody+1))
	if int64(len(body)) > h.config.MaxBody {
		return body[:h.config.MaxBody], true
	}
	return body, err != nil
}
