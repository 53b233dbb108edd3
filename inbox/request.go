package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/i-agent/iagent/signature"
)

// formType is the content type of Twilio's webhooks.
const formType = "application/x-www-form-urlencoded"

// usualBody is more than Twilio's webhooks have, in bytes.
const usualBody = 4 << 10

// reasonFault is the answer to any fault of the program. Details are for the log.
const reasonFault = "Internal server error"

// ErrBodyRead is in the error of a request whose body was read before the Handler got it, which no signature fits any
// more: middleware in front of the Handler called ParseForm, FormValue or the like. Let that middleware read the body
// whole and put a copy in its place, or put it behind the Handler.
var ErrBodyRead = signature.ErrBodyRead

// errBrokenOff is in the error of a body that ended too early.
var errBrokenOff = errors.New("broken off")

// reasons are the texts of the answers to requests that are not known to be Twilio's.
var reasons = map[int]string{
	http.StatusBadRequest:            "Unreadable body",
	http.StatusForbidden:             "Invalid signature",
	http.StatusMethodNotAllowed:      "Method not allowed",
	http.StatusRequestEntityTooLarge: "Body too large",
	http.StatusServiceUnavailable:    "Body too slow",
	http.StatusUnsupportedMediaType:  "Unsupported media type",
}

// read returns the body of a request that could be a webhook, or the status to answer it with.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	if !slices.Contains(h.config.Methods, r.Method) {
		allowed := strings.Join(h.config.Methods, ", ")
		w.Header().Set("Allow", allowed)
		return nil, http.StatusMethodNotAllowed, fmt.Errorf("method %q is not one of %s", r.Method, allowed)
	}
	if r.ContentLength > h.config.MaxBody {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("body of %d bytes", r.ContentLength)
	}
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if r.Method == http.MethodPost && !strings.EqualFold(strings.TrimSpace(mediaType), formType) {
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("content type %q is no form", mediaType)
	}
	if r.Body == nil {
		return []byte{}, 0, nil
	}
	var buffer bytes.Buffer
	// The buffer begins with the size of a usual webhook and grows with what arrives: to announce a large body costs nothing.
	buffer.Grow(int(min(max(r.ContentLength, 0), usualBody)) + bytes.MinRead)
	_, err = buffer.ReadFrom(http.MaxBytesReader(w, r.Body, h.config.MaxBody))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return buffer.Bytes(), http.StatusRequestEntityTooLarge, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		// The server's ReadTimeout. Twilio sends again what a 5xx answers, if its URL asks for that.
		return buffer.Bytes(), http.StatusServiceUnavailable, fmt.Errorf("reading the body: %w", err)
	case errors.Is(err, http.ErrBodyReadAfterClose):
		return nil, http.StatusBadRequest, fmt.Errorf("reading the body: %w: %w", ErrBodyRead, err)
	case err != nil:
		return buffer.Bytes(), http.StatusBadRequest, fmt.Errorf("reading the body: %w: %w", errBrokenOff, err)
	case r.Method == http.MethodGet && buffer.Len() > 0:
		return buffer.Bytes(), http.StatusBadRequest, fmt.Errorf("a GET with a body of %d bytes, which nobody signed", buffer.Len())
	}
	return buffer.Bytes(), 0, nil
}

// readBefore says whether some of the body was read before the Handler got the request.
func readBefore(r *http.Request, body []byte) bool {
	return int64(len(body)) < r.ContentLength || len(body) == 0 && (len(r.PostForm) > 0 || r.MultipartForm != nil)
}

// target is the request target without a host, from the same bytes that the signature is verified with. Middleware may
// have changed the URL of the request, which nobody signed.
func target(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	_, rest, absolute := strings.Cut(r.RequestURI, "://")
	if !absolute { // not from a server
		return r.URL.RequestURI()
	}
	switch i := strings.IndexAny(rest, "/?"); {
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	default:
		return rest[i:]
	}
}
