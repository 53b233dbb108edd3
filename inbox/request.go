package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// formType is what Twilio sends its webhooks as.
const formType = "application/x-www-form-urlencoded"

// usualBody is more than Twilio's webhooks have, in bytes.
const usualBody = 4 << 10

// reasonFault is all that anybody is told about a fault of ours.
const reasonFault = "Internal server error"

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
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, http.StatusMethodNotAllowed, fmt.Errorf("method %q is not POST", r.Method)
	}
	if r.ContentLength > h.config.MaxBody {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("body of %d bytes", r.ContentLength)
	}
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), formType) {
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("content type %q is no form", mediaType)
	}
	if r.Body == nil {
		return []byte{}, 0, nil
	}
	var buffer bytes.Buffer
	// Room is made for what a webhook usually has, and else as it arrives: whoever announces much and sends little costs little.
	buffer.Grow(int(min(max(r.ContentLength, 0), usualBody)) + bytes.MinRead)
	_, err = buffer.ReadFrom(http.MaxBytesReader(w, r.Body, h.config.MaxBody))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, http.StatusRequestEntityTooLarge, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		// The server's ReadTimeout. Nobody is at fault, and Twilio sends again what a 5xx answers, if asked to.
		return nil, http.StatusServiceUnavailable, fmt.Errorf("reading the body: %w", err)
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("reading the body: %w", err)
	}
	return buffer.Bytes(), 0, nil
}
