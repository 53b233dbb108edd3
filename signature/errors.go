package signature

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong with a request. Each is the [RejectError.Reason] of a
// verdict and can be tested for with [errors.Is].
var (
	// ErrMissingHeader: the request has no X-Twilio-Signature. It is not from
	// Twilio, or something in between removed the header.
	ErrMissingHeader = errors.New("missing " + Header)
	// ErrWrongSignature: no token and no form of the URL gives this signature.
	ErrWrongSignature = errors.New("wrong signature")
	// ErrBodyHashMismatch: Twilio signed this URL, but its bodySHA256 is not
	// the hash of this body.
	ErrBodyHashMismatch = errors.New("body hash mismatch")
	// ErrUnsignedBody: the body is no form and the URL has no bodySHA256, so
	// nothing vouches for it.
	ErrUnsignedBody = errors.New("body not covered by the signature")
	// ErrUnknownAccount: there is no token for the AccountSid of the request.
	ErrUnknownAccount = errors.New("unknown account")
	// ErrMalformedBody: the form body names two accounts.
	ErrMalformedBody = errors.New("malformed body")
	// ErrMalformedTarget: the request target is neither a path nor a URL, is
	// too long, or names two accounts.
	ErrMalformedTarget = errors.New("malformed request target")
	// ErrBodyTooLarge: the middleware read more than [Config.MaxBody].
	ErrBodyTooLarge = errors.New("body too large")
	// ErrBodyRead: something in front of the middleware has read the body, with
	// ParseForm, FormValue or the like, so that no signature can fit. Let it
	// read the body whole and put a copy in its place, or put it behind.
	ErrBodyRead = errors.New("middleware in front has read the body (ParseForm, FormValue)")
	// ErrUnreadableBody: the middleware could not read the body to its end.
	ErrUnreadableBody = errors.New("unreadable body")
)

// What can be wrong with a [Config].
var (
	// ErrNoToken: no token at all, or an empty one. An empty token would let
	// anybody sign. It is also the verdict of the zero Verifier.
	ErrNoToken = errors.New("no auth token")
	// ErrInvalidToken: a token that cannot be one, such as one with white space
	// around it.
	ErrInvalidToken = errors.New("invalid auth token")
	// ErrInvalidAccount: an account SID that cannot be one, or is listed twice.
	ErrInvalidAccount = errors.New("invalid account SID")
	// ErrInvalidURL: the public URL is no absolute http or https URL, or has a
	// query or a fragment.
	ErrInvalidURL = errors.New("invalid public URL")
)

// RejectError is a verdict against a request. Its text is safe to log: it holds
// neither token nor signature, and nothing of the query or the body but the
// masked account.
type RejectError struct {
	// Reason is one of the errors of this package.
	Reason error
	// AccountSid is the account that the request claims, unproven. Empty when
	// it claims none, or something that is not shaped like an account SID.
	AccountSid string
	// Tokens and Variants count what was tried: tokens, and forms of the URL.
	Tokens, Variants int

	detail string
}

// Error says why, what was tried, and never with which secret.
func (e *RejectError) Error() string {
	var b strings.Builder
	b.WriteString("verifying Twilio signature: ")
	b.WriteString(e.Reason.Error())
	if e.detail != "" {
		b.WriteString(": ")
		b.WriteString(e.detail)
	}
	if e.Tokens > 0 {
		fmt.Fprintf(&b, " (tokens tried: %d, forms of the URL: %d)", e.Tokens, e.Variants)
	}
	if e.AccountSid != "" {
		fmt.Fprintf(&b, " (account %s)", maskAccount(e.AccountSid))
	}
	return b.String()
}

// Unwrap gives the reason to [errors.Is].
func (e *RejectError) Unwrap() error { return e.Reason }

func reject(reason error, detail string) error {
	return &RejectError{Reason: reason, detail: detail}
}

// claimedAccount keeps an unproven account SID only when it is shaped like one,
// so that a stranger's bytes do not reach logs.
func claimedAccount(sid []byte) string {
	if len(sid) != 34 || sid[0] != 'A' || sid[1] != 'C' {
		return ""
	}
	for _, c := range sid[2:] {
		if unhex(c) < 0 {
			return ""
		}
	}
	return string(sid)
}

func maskAccount(sid string) string {
	if len(sid) <= 6 {
		return sid
	}
	return sid[:2] + "…" + sid[len(sid)-4:]
}
