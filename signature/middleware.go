package signature

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
)

// Middleware lets only Twilio's requests through to next. It reads the body, at
// most [Config.MaxBody] bytes, and gives next a fresh copy of it; the [Match]
// is in the request's context, see [FromContext]. Where a value may hold ";" or a
// bare "%", read the body with [ParseForm]: net/http refuses such forms. All others are answered by
// [Config.OnReject]. Middleware in front that reads the form, or rewrites
// RequestURI, makes every request fail; the former is [ErrBodyRead].
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Before the body: what is not even signed is not worth reading.
		if r.Header.Get(Header) == "" {
			v.reject(w, r, reject(ErrMissingHeader, ""))
			return
		}
		body, err := readBody(w, r, cmp.Or(v.maxBody, DefaultMaxBody))
		if err != nil {
			v.reject(w, r, err)
			return
		}
		match, err := v.VerifyRequest(r, body)
		if err != nil {
			var verdict *RejectError
			if readBefore(r, body) && errors.As(err, &verdict) {
				verdict.Reason = ErrBodyRead
			}
			v.reject(w, r, err)
			return
		}
		verified := r.WithContext(context.WithValue(r.Context(), matchKey{}, match))
		verified.Body = io.NopCloser(bytes.NewReader(body))
		verified.ContentLength = int64(len(body))
		verified.TransferEncoding = nil
		next.ServeHTTP(w, verified)
	})
}

func (v *Verifier) reject(w http.ResponseWriter, r *http.Request, err error) {
	if v.onReject == nil {
		Reject(w, r, err)
		return
	}
	v.onReject(w, r, err)
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, reject(ErrBodyTooLarge, "")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, reject(ErrBodyTooLarge, "")
	case errors.Is(err, http.ErrBodyReadAfterClose):
		return nil, reject(ErrBodyRead, "")
	case err != nil:
		return nil, reject(ErrUnreadableBody, "")
	}
	return body, nil
}

// readBefore says whether some of the body was read before the middleware got the request.
func readBefore(r *http.Request, body []byte) bool {
	return int64(len(body)) < r.ContentLength || len(body) == 0 && (len(r.PostForm) > 0 || r.MultipartForm != nil)
}

type matchKey struct{}

// FromContext returns how the request of this context was verified, and false
// outside the middleware.
func FromContext(ctx context.Context) (Match, bool) {
	m, ok := ctx.Value(matchKey{}).(Match)
	return m, ok
}

// Reject is the default answer to a request that is not let through: 413 for a
// body over the limit, 400 for one that broke off, 403
// {"error":"Invalid signature"} for everything else. It does not tell a
// stranger why.
func Reject(w http.ResponseWriter, _ *http.Request, err error) {
	status, text := http.StatusForbidden, `{"error":"Invalid signature"}`
	switch {
	case errors.Is(err, ErrBodyTooLarge):
		status, text = http.StatusRequestEntityTooLarge, `{"error":"Body too large"}`
	case errors.Is(err, ErrUnreadableBody):
		status, text = http.StatusBadRequest, `{"error":"Unreadable body"}`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, text) //nolint:errcheck // nobody is left to tell
}
