package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultMaxBody bounds a request's body, in bytes. Twilio's voice webhooks stay under 4 KiB.
	DefaultMaxBody = 64 << 10
	// DefaultTimeout bounds the processing of one webhook. Twilio waits 15 s for all of a call's requests.
	DefaultTimeout = 10 * time.Second
)

// HeaderDuplicate marks the answer to a duplicate.
const HeaderDuplicate = "X-Webhook-Duplicate"

// Config says how a Handler serves one kind of webhook. Kind, Processor and Verify are required.
type Config struct {
	Kind      Kind
	Processor Processor
	// Verify says whether Twilio sent the request: nil, or why not. It sees the raw body; nothing of a request that it
	// refuses is kept. signature.Verifier is made for it.
	Verify func(r *http.Request, body []byte) error
	// Identify fills in what of the event its kind decides: ID, and Subject if the application has one. Its error is a
	// *Refusal, or else ours. Nil means [ID], with the query's callId as the subject.
	Identify func(event *Event) error
	// Reject answers a request that Verify refused. Nil means 403.
	Reject func(w http.ResponseWriter, r *http.Request, err error)
	// Observe hears what became of every verified request. err is a *Refusal, or else a fault of ours.
	Observe func(ctx context.Context, event *Event, result Result, err error, elapsed time.Duration)
	// MaxBody and Timeout replace their defaults; 0 means the default.
	MaxBody int64
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Handler serves one kind of webhook: it verifies, identifies, processes and answers. It answers in time, and 2xx only
// for what has been committed.
type Handler struct{ config Config }

// NewHandler returns a Handler, or an error that names what is missing.
func NewHandler(config Config) (*Handler, error) {
	switch {
	case config.Kind == "":
		return nil, errors.New("inbox handler: Kind is missing")
	case config.Processor == nil:
		return nil, errors.New("inbox handler: Processor is missing")
	case config.Verify == nil:
		return nil, errors.New("inbox handler: Verify is missing: every webhook is verified")
	}
	if config.Identify == nil {
		config.Identify = identify
	}
	if config.Reject == nil {
		config.Reject = func(w http.ResponseWriter, _ *http.Request, _ error) {
			WriteError(w, http.StatusForbidden, "Invalid signature")
		}
	}
	if config.MaxBody == 0 {
		config.MaxBody = DefaultMaxBody
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Handler{config}, nil
}

func identify(event *Event) (err error) {
	event.Subject = event.Query.Get("callId")
	event.ID, err = ID(event.Kind, event.Form, event.Query)
	return err
}

// ServeHTTP answers one delivery.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := h.config.Now()
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		WriteError(w, http.StatusMethodNotAllowed, "Method not allowed")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.config.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		WriteError(w, http.StatusRequestEntityTooLarge, "Request body too large")
		return
	case err != nil:
		WriteError(w, http.StatusBadRequest, "Request body could not be read")
		return
	}
	if !isForm(r.Header.Get("Content-Type")) {
		WriteError(w, http.StatusUnsupportedMediaType, "Content-Type must be application/x-www-form-urlencoded")
		return
	}
	if err := h.config.Verify(r, body); err != nil {
		h.config.Reject(w, r, err)
		return
	}
	event := &Event{
		Kind: h.config.Kind, Source: SourceWebhook, Target: r.RequestURI, ContentType: r.Header.Get("Content-Type"),
		Body: body, Query: r.URL.Query(), IdempotencyToken: r.Header.Get("I-Twilio-Idempotency-Token"),
		ReceivedAt: started.UTC(),
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.config.Timeout)
	defer cancel()
	result, err := h.process(ctx, event)
	if h.config.Observe != nil {
		h.config.Observe(ctx, event, result, err, h.config.Now().Sub(started))
	}
	answer(w, r, result, err)
}

func (h *Handler) process(ctx context.Context, event *Event) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			result, err = Result{}, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if event.Form, err = url.ParseQuery(string(event.Body)); err != nil {
		return Result{}, Refuse(http.StatusBadRequest, "Malformed body")
	}
	event.AccountSid, event.CallSid = event.Form.Get("AccountSid"), event.Form.Get("CallSid")
	if err := h.config.Identify(event); err != nil {
		return Result{}, err
	}
	return h.config.Processor.Process(ctx, event)
}

// answer turns what happened into HTTP.
func answer(w http.ResponseWriter, r *http.Request, result Result, err error) {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		WriteError(w, refusal.Status, refusal.Reason)
		return
	case err != nil:
		WriteError(w, http.StatusInternalServerError, "Internal server error")
		return
	}
	reply := result.Reply
	if result.Outcome != Accepted {
		w.Header().Set(HeaderDuplicate, "true")
		if isJSON(reply.ContentType) || accepts(r, "application/json") {
			reply = Reply{ContentType: "application/json", Body: []byte(`{"success":true,"duplicate":true}`)}
		}
	}
	write(w, reply)
}

// WriteError answers {"error": reason}, as every refusal of an inbox does.
func WriteError(w http.ResponseWriter, status int, reason string) {
	body, err := json.Marshal(map[string]string{"error": reason})
	if err != nil {
		body = []byte(`{"error":"Internal server error"}`)
	}
	write(w, Reply{Status: status, ContentType: "application/json", Body: body})
}

func write(w http.ResponseWriter, reply Reply) {
	header := w.Header()
	if reply.ContentType != "" {
		header.Set("Content-Type", reply.ContentType)
	}
	header.Set("Content-Length", strconv.Itoa(len(reply.Body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(max(reply.Status, http.StatusOK))
	_, _ = w.Write(reply.Body) // the client is gone; what was committed stays
}

func isForm(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), "application/json")
}

// accepts reports whether the client names the media type; Twilio's */* does not.
func accepts(r *http.Request, mediaType string) bool {
	for _, header := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(header, ",") {
			name, _, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), mediaType) {
				return true
			}
		}
	}
	return false
}
