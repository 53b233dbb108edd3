package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/i-agent/iagent/signature"
)

// Defaults of a [Config].
const (
	// DefaultMaxBody is the largest body that is read, in bytes. Twilio's webhooks stay under 4 KiB.
	DefaultMaxBody = 64 << 10
	// DefaultTimeout bounds the processing of one webhook, well under the 15 s that Twilio waits for all attempts
	// together.
	DefaultTimeout = 10 * time.Second
)

// Config is what a [Handler] needs to know. Verify and Processor are required.
type Config struct {
	// Verify says who sent the request: nil lets it through, an error answers it with 403. It is called before anything
	// of the request is parsed, looked up or stored. Its own error may say why; the answer does not.
	Verify func(r *http.Request, body []byte) error

	// Processor makes the event take effect.
	Processor Processor

	// Kind names the callback. Empty is the last segment of each request's path.
	Kind Kind

	// Identify sets the event's ID, and what else it knows: the Subject, first of all. All that was sent is in the
	// event already. A [*Refusal] answers the request and nothing is processed; any other error is a fault of ours. Nil
	// takes the ID from [ID] and answers a kind that is not one of the four with 404.
	Identify func(event *Event) error

	// Reject answers a request that Verify did not let through, and may count or limit them. Nil is 403
	// {"error":"Invalid signature"}.
	Reject func(w http.ResponseWriter, r *http.Request, err error)

	// Observe sees every verified webhook after it was answered, for logs and metrics: the outcome is Refused or Failed
	// where err is not nil, and elapsed is the time since the request arrived. An event that could not be identified
	// has no ID. Err may hold a [*PanicError].
	Observe func(ctx context.Context, event *Event, result Result, err error, elapsed time.Duration)

	// OnRejected sees every request that was answered before it was known to be Twilio's: method, size, type, signature.
	OnRejected func(r *http.Request, status int, err error)

	// MaxBody is the largest body that is read, in bytes; 0 is DefaultMaxBody.
	MaxBody int64
	// Timeout bounds the processing of a webhook; 0 is DefaultTimeout. Where the webhook's URL asks Twilio for another attempt
	// after rt milliseconds of silence (Twilio: Webhooks connection overrides), it should be less than that.
	Timeout time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Handler turns Twilio's webhooks into events, lets its Processor make them take effect, and answers.
//
//	first delivery                            the Processor's reply
//	duplicate or conflict                     the first reply again, byte for byte
//	…, of a JSON reply or with Accept: application/json   200 {"success":true,"duplicate":true}
//	signature                                 403 {"error":"Invalid signature"}
//	other method, body too large, no form     405, 413, 415
//	refusal                                   its status, {"error":Reason}
//	broken off, or sent too slowly            400, 503
//	anything else, panics of Verify, Identify
//	and the Processor included                500 {"error":"Internal server error"}
//
// Answers to duplicates carry the header X-Webhook-Duplicate: true. A reply without content type and body stands for
// success: an empty TwiML document for voice and consent, {"success":true} for others.
//
// A client that hangs up does not stop the processing: Twilio would not send the event again. The zero Handler answers
// every request with 403.
type Handler struct {
	config Config
}

// NewHandler returns the handler of a webhook. Without Verify or Processor there is none, but an error.
func NewHandler(c Config) (*Handler, error) {
	var missing []string
	if c.Verify == nil {
		missing = append(missing, "Verify: a webhook that believes everybody is a way in for everybody")
	}
	if c.Processor == nil {
		missing = append(missing, "Processor")
	}
	if len(missing) > 0 {
		return nil, errors.New("inbox: the configuration has no " + strings.Join(missing, "; and no "))
	}
	if c.MaxBody <= 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Identify == nil {
		c.Identify = identify
	}
	return &Handler{c}, nil
}

// identify is the Identify of Twilio's four callbacks.
func identify(e *Event) (err error) {
	switch e.Kind {
	case KindVoice, KindConsent, KindStatus, KindRecording:
		e.ID, err = ID(e.Kind, e.Form, e.Query)
		return err
	}
	return Refuse(http.StatusNotFound, "Not found")
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.config.Verify == nil {
		WriteError(w, http.StatusForbidden, "Invalid signature")
		return
	}
	start := h.config.Now()
	event, ok := h.admit(w, r, start)
	if !ok {
		return
	}
	result, err := h.process(r.Context(), event)
	answerEvent(w, r, event, result, err)
	if h.config.Observe != nil {
		// The answer is on its way before anybody looks at it, and stays so if they panic.
		_ = http.NewResponseController(w).Flush()
		h.config.Observe(r.Context(), event, result, err, h.config.Now().Sub(start))
	}
}

// admit lets a request of Twilio's through, as an event that has everything but its ID, and answers all others.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, now time.Time) (event *Event, ok bool) {
	body, status, err := h.read(w, r)
	if err == nil {
		if err = h.verify(r, body); err != nil {
			status = http.StatusForbidden
		}
	}
	if err == nil {
		return h.event(r, body, now), true
	}
	if h.config.OnRejected != nil {
		h.config.OnRejected(r, status, err)
	}
	switch {
	case errors.As(err, new(*PanicError)):
		WriteError(w, http.StatusInternalServerError, reasonFault)
	case status == http.StatusForbidden && h.config.Reject != nil:
		h.config.Reject(w, r, err)
	default:
		WriteError(w, status, reasons[status])
	}
	return nil, false
}

// verify fails closed: a verifier that panics has not said yes.
func (h *Handler) verify(r *http.Request, body []byte) (err error) {
	defer func() {
		if p := Recovered(recover()); p != nil {
			err = p
		}
	}()
	return h.config.Verify(r, body)
}

// event is all that was sent. What is malformed in it is found by identifying, when the request is known to be Twilio's.
func (h *Handler) event(r *http.Request, body []byte, now time.Time) *Event {
	e := &Event{
		Kind:             h.config.Kind,
		Source:           SourceWebhook,
		Target:           r.RequestURI,
		ContentType:      r.Header.Get("Content-Type"),
		Body:             body,
		IdempotencyToken: r.Header.Get("I-Twilio-Idempotency-Token"),
		ReceivedAt:       now.UTC(),
	}
	if !strings.HasPrefix(e.Target, "/") { // absolute, or not from a server
		e.Target = r.URL.RequestURI()
	}
	if e.Kind == "" {
		e.Kind = Kind(path.Base(r.URL.Path))
	}
	return e
}

// process parses, identifies and processes the event. A panic of any of the three is an error; an error comes with the
// outcome that it stands for.
func (h *Handler) process(ctx context.Context, e *Event) (result Result, err error) {
	defer func() {
		if p := Recovered(recover()); p != nil {
			err = p
		}
		var refusal *Refusal
		switch {
		case isRefusal(err, &refusal):
			result = Result{Outcome: Refused}
		case err != nil:
			result = Result{Outcome: Failed}
		}
	}()
	e.Form, e.Query = signature.ParseForm(string(e.Body)), signature.ParseTarget(e.Target)
	e.AccountSid, e.CallSid = e.Form.Get("AccountSid"), e.Form.Get("CallSid")
	if err := h.config.Identify(e); err != nil {
		return result, err
	}
	switch {
	case e.ID == "":
		return result, fmt.Errorf("identifying a webhook of kind %q: no id", e.Kind)
	case !isText(e.ID) || !isText(e.Subject):
		return result, malformed("Malformed parameter")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.config.Timeout)
	defer cancel()
	result, err = h.config.Processor.Process(ctx, e)
	if err != nil {
		return result, err
	}
	switch result.Outcome {
	case Accepted, Duplicate, Conflict:
	default:
		return result, fmt.Errorf("the processor returned the outcome %q and no error", result.Outcome)
	}
	if status := result.Reply.Status; status != 0 && (status < 200 || status > 599) {
		return result, fmt.Errorf("the reply has status %d", status)
	}
	return result, nil
}

func malformed(reason string) error { return Refuse(http.StatusBadRequest, reason) }

// isText says whether every database keeps s as it is.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
