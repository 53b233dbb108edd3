package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
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

// Verifier says who sent a request, whose body has been read. A [*signature.Verifier] is one.
type Verifier interface {
	VerifyRequest(r *http.Request, body []byte) (signature.Match, error)
}

// Config is what a [Handler] needs to know. Verifier and Processor are required.
type Config struct {
	// Verifier says who sent the request; usually it is a [*signature.Verifier]. It is called before anything of the request
	// is parsed, looked up or stored. Its error is answered with 403, without the reason. Its match is in the event.
	Verifier Verifier

	// Processor makes the event take effect.
	Processor Processor

	// Kind names the webhook. Empty is the last segment of each request's path.
	Kind Kind

	// Methods are the HTTP methods that are accepted: POST, GET or both. Nil is both. Twilio sends a webhook with the
	// method that is set beside its URL. The signature does not cover the method: whoever has read a signed POST could send
	// its text once more as a GET, whose parameters begin and end elsewhere. So if all your URLs have the same method, list
	// only that.
	Methods []string

	// Identify sets the event's ID, and what else the program knows of it, such as the Subject. All that was sent is in the
	// event already. A [*Refusal] answers the request and nothing is processed; any other error is a fault of the program.
	// Nil takes the ID from [ID]; a kind that ID has no rule for is then answered with 404, and the error says so.
	Identify func(event *Event) error

	// Reject answers a request that was not verified, and may count or limit such requests. Nil is 403
	// {"error":"Invalid signature"}.
	Reject func(w http.ResponseWriter, r *http.Request, err error)

	// Observe is called after every verified webhook was answered, for logs, metrics and traces. The context is the
	// request's. The outcome is Refused or Failed if err is not nil, and elapsed is the time since the request arrived. An
	// event that could not be identified has no ID. Err may hold a [*PanicError].
	Observe func(ctx context.Context, event *Event, result Result, err error, elapsed time.Duration)

	// OnRejected is called for every request that was answered before it was known to be Twilio's, because of its method,
	// size, type or signature. The error says why, with [ErrBodyRead] if middleware in front has read the body.
	OnRejected func(r *http.Request, status int, err error)

	// OnRejection is called for the same requests with all that was sent, for a program that wants to explain or to keep them. It
	// is called before the answer, which waits for it. If it is set, the body is read even where method or type are refused.
	OnRejection func(rejection *Rejection)

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
//	duplicate or conflict                     the first reply again, byte for byte; but
//	  where that was {"success":true}         200 {"success":true,"duplicate":true}
//	  where it was no JSON, and the request
//	  has application/json in its Accept      200 {"success":true,"duplicate":true}
//	signature                                 403 {"error":"Invalid signature"}
//	other method, body too large, no form     405, 413, 415
//	refusal                                   its status, {"error":Reason}
//	broken off, or sent too slowly            400, 503
//	anything else, panics of the Verifier,
//	Identify and the Processor included       500 {"error":"Internal server error"}
//
// Answers to duplicates carry the header X-Webhook-Duplicate: true. A reply without content type and body stands for
// success: an empty TwiML document for voice, gather and message, {"success":true} for others.
//
// Twilio's parameters are read from the body of a POST and from the query of a GET, by [signature.ParseForm]: exactly as
// the signature is verified, so that no parameter counts that nobody signed, and none is refused for its spelling.
//
// A client that hangs up does not stop the processing: Twilio would not send the event again. The zero Handler answers
// every request with 403.
type Handler struct {
	config Config
}

// NewHandler returns the handler of a webhook, or an error that says what is wrong with the configuration.
func NewHandler(c Config) (*Handler, error) {
	var wrong []string
	if v, ok := c.Verifier.(*signature.Verifier); c.Verifier == nil || ok && v == nil {
		wrong = append(wrong, "no Verifier: anybody could send webhooks")
	}
	if c.Processor == nil {
		wrong = append(wrong, "no Processor")
	}
	if c.Identify == nil && c.Kind != "" && !hasRule(c.Kind) {
		wrong = append(wrong, unidentified(c.Kind))
	}
	for _, method := range c.Methods {
		if method != http.MethodPost && method != http.MethodGet {
			wrong = append(wrong, fmt.Sprintf("method %q: Twilio sends POST and GET", method))
		}
	}
	if len(wrong) > 0 {
		return nil, errors.New("inbox: " + strings.Join(wrong, "; "))
	}
	c.Methods = slices.Clone(c.Methods)
	if len(c.Methods) == 0 {
		c.Methods = []string{http.MethodPost, http.MethodGet}
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

// identify is the Identify of the kinds that ID has a rule for.
func identify(e *Event) (err error) {
	if !hasRule(e.Kind) {
		return Refuse(http.StatusNotFound, unidentified(e.Kind))
	}
	e.ID, err = ID(e.Kind, e.Form, e.Query)
	return err
}

// unidentified is the error of a kind that has no id. The kind may be any path that was requested, so it is shortened.
func unidentified(kind Kind) string {
	return fmt.Sprintf("no Identify for webhooks of kind %.64q, which inbox.ID has no rule for", kind)
}

// ServeHTTP handles one webhook.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.config.Verifier == nil {
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
		// The answer is sent before Observe is called, so that a panic of Observe does not spoil it.
		_ = http.NewResponseController(w).Flush()
		h.config.Observe(r.Context(), event, result, err, h.config.Now().Sub(start))
	}
}

// admit lets a request of Twilio's through, as an event that has everything but its ID, and answers all others.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, now time.Time) (event *Event, ok bool) {
	body, status, err := h.read(w, r)
	if err == nil {
		var match signature.Match
		if match, err = h.verify(r, body); err == nil {
			return h.event(r, body, match, now), true
		}
		status = http.StatusForbidden
	}
	h.rejected(w, r, body, status, err, now)
	return nil, false
}

// verify returns an error for a verifier that panics: it has not said who sent the request.
func (h *Handler) verify(r *http.Request, body []byte) (match signature.Match, err error) {
	defer func() {
		if p := Recovered(recover()); p != nil {
			err = p
		}
		if err != nil && readBefore(r, body) {
			err = fmt.Errorf("%w: %d bytes were left: %w", ErrBodyRead, len(body), err)
		}
	}()
	return h.config.Verifier.VerifyRequest(r, body)
}

// event holds everything that was sent. Whether it is complete is checked by identifying it.
func (h *Handler) event(r *http.Request, body []byte, match signature.Match, now time.Time) *Event {
	e := &Event{
		Kind:             h.kind(r),
		Source:           SourceWebhook,
		Match:            match,
		Target:           target(r),
		Body:             body,
		IdempotencyToken: r.Header.Get("I-Twilio-Idempotency-Token"),
		ReceivedAt:       now.UTC(),
	}
	e.Query = signature.ParseTarget(e.Target)
	if r.Method == http.MethodGet {
		e.Form = e.Query
	} else {
		e.ContentType, e.Form = r.Header.Get("Content-Type"), signature.ParseForm(string(body))
	}
	e.AccountSid, e.CallSid = e.Form.Get("AccountSid"), e.Form.Get("CallSid")
	return e
}

// kind is the configured one, or the last segment of the path.
func (h *Handler) kind(r *http.Request) Kind {
	if h.config.Kind != "" {
		return h.config.Kind
	}
	return Kind(path.Base(r.URL.Path))
}

// process identifies and processes the event. A panic of either is an error; an error comes with the outcome that it
// stands for.
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
	return result, result.Reply.Check()
}

func malformed(reason string) error { return Refuse(http.StatusBadRequest, reason) }

// isText says whether every database keeps s as it is.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
