package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/i-agent/iagent/internal/bulk"
	"github.com/i-agent/iagent/internal/store"
)

// problem is a request that is refused, with the answer to it.
type problem struct {
	status  int
	message string
	fields  []fault
}

func (p *problem) Error() string { return p.message }

// fault is one thing that is wrong with a request.
type fault struct {
	// Field is a path such as phoneNumbers[3] or hypotheses[0].question.
	Field string `json:"field"`
	// Value is what was sent, where it helps.
	Value string `json:"value,omitempty"`
	Error string `json:"error"`
}

// errNotFound is an unknown path, or an id that cannot be one.
var errNotFound = errors.New("no such thing")

func badRequest(message string) error {
	return &problem{status: http.StatusBadRequest, message: message}
}

// problemOf is the one place that turns errors into HTTP. noun names what was not found. nil means a fault of ours.
func problemOf(err error, noun string) *problem {
	var given *problem
	switch {
	case errors.As(err, &given):
		return given
	case errors.Is(err, store.ErrNotFound), errors.Is(err, errNotFound):
		if noun == "" {
			return &problem{status: http.StatusNotFound, message: "Not found"}
		}
		return &problem{status: http.StatusNotFound, message: noun + " not found"}
	case errors.Is(err, store.ErrNoCampaign):
		return invalid([]fault{noScope("")})
	case errors.Is(err, store.ErrOtherRequest):
		return &problem{status: http.StatusUnprocessableEntity, message: "Idempotency-Key was used for another request"}
	case errors.Is(err, store.ErrSameInFlight):
		return &problem{status: http.StatusConflict, message: "A request with this Idempotency-Key is in progress"}
	case errors.Is(err, store.ErrSimulated):
		return &problem{status: http.StatusConflict, message: "Campaign is simulated: its calls are made by POST /api/simulations, and nobody is called"}
	case errors.Is(err, store.ErrCallOver):
		return &problem{status: http.StatusConflict, message: "Call is over"}
	case errors.Is(err, store.ErrNoConsent):
		return &problem{status: http.StatusConflict, message: "Call has no consent that could be withdrawn"}
	case errors.Is(err, store.ErrHeld):
		return &problem{status: http.StatusConflict, message: "Campaign has a legal hold: lift it to erase anything of its calls"}
	case errors.Is(err, store.ErrPruned):
		return &problem{status: http.StatusGone, message: "Payload was pruned: the event cannot be replayed"}
	case errors.Is(err, store.ErrBulkRunning):
		return &problem{status: http.StatusConflict, message: "A bulk job of this kind is running: wait for its end, or stop it"}
	case errors.Is(err, bulk.ErrNotRunning):
		return &problem{status: http.StatusServiceUnavailable, message: "This process takes no bulk jobs: it is starting or stopping"}
	case errors.Is(err, store.ErrRunNotFailed):
		return &problem{status: http.StatusConflict, message: "Only a failed run can be retried"}
	}
	return nil
}

// refuse answers a request that came to nothing.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, noun string, err error) {
	p := problemOf(err, noun)
	if p == nil {
		p = &problem{status: http.StatusInternalServerError, message: "Internal server error"}
		if !errors.Is(r.Context().Err(), context.Canceled) { // the client left, which is no fault
			a.log.ErrorContext(r.Context(), "api request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		}
	}
	if errors.Is(err, store.ErrSameInFlight) {
		w.Header().Set("Retry-After", "1")
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *problem) {
	body := struct {
		Error  string  `json:"error"`
		Fields []fault `json:"fields,omitempty"`
	}{p.message, p.fields}
	encoded, _ := json.Marshal(body) // strings alone: cannot fail
	write(w, p.status, encoded)
}

// answer sends v as JSON.
func answer(w http.ResponseWriter, status int, v any) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	write(w, status, encoded)
	return nil
}

// write sends JSON. A long answer that was kept is compressed, which no JSON begins like, and is sent as it is decompressed.
func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		if kept, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			_, _ = io.Copy(w, kept)
		}
		body = nil
	}
	_, _ = w.Write(append(body, '\n')) // the client is gone: nobody to tell
}

// secure sets what every answer carries: it may name people, so nobody on the way keeps it.
func secure(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
}
