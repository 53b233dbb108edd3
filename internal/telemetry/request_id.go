package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"regexp"
)

// RequestIDHeader is the header with the id of a request, in it and in the answer.
const RequestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// WithRequestID returns a context whose lines in the log of [NewLogger] have the id of a request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID is the id of the request of a context, "" for none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// saneID is an id that may be a request's: 8 to 64 letters, digits and signs, and some letter, so that it is no phone number.
var (
	saneID     = regexp.MustCompile(`^[A-Za-z0-9._:/=-]{8,64}$`)
	someLetter = regexp.MustCompile(`[A-Za-z]`)
	longNumber = regexp.MustCompile(`(^|[^A-Za-z0-9])[0-9]{7,15}($|[^A-Za-z0-9])`)
)

// RequestIDs gives every request an id: the one that a proxy has given it already, unless that is no sane id, or a new one. It
// is in the answer's header, and in the context.
func RequestIDs(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(RequestIDHeader)
		if !saneID.MatchString(id) || !someLetter.MatchString(id) || longNumber.MatchString(id) {
			id = newRequestID()
		}
		w.Header().Set(RequestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(WithRequestID(r.Context(), id)))
	})
}

func newRequestID() string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return "r" + hex.EncodeToString(random[:])
}

// withRequestID adds the id of the context's request to each line.
type withRequestID struct{ slog.Handler }

func (h withRequestID) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" {
		record = record.Clone()
		record.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h withRequestID) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequestID{h.Handler.WithAttrs(attrs)}
}

func (h withRequestID) WithGroup(name string) slog.Handler {
	return withRequestID{h.Handler.WithGroup(name)}
}
