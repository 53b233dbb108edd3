package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/i-agent/iagent/signature"
)

// Rejection is a request to a webhook that was refused before it was known to be Twilio's, as it is listed. Nothing of it was
// verified, and no value of its parameters is kept.
type Rejection struct {
	// ID is set by KeepRejections.
	ID         string
	ReceivedAt time.Time
	// Kind is the webhook that was asked for, "" for a path that is none.
	Kind, Method, Path string
	// Status is the HTTP status of the answer.
	Status int
	// Client is the address that counts for rate limits.
	Client string
	// AccountSid is the account that the request claims, "" when it claims none.
	AccountSid string
	// Cause is the kind of the likeliest cause; proven if the signature fits once it is undone.
	Cause  string
	Proven bool
	// Summary is cause and cure in one line.
	Summary string
	// CheckedAt and Verified say when the request was checked again last, and whether its signature fitted; nil before, and
	// Verified also when nobody could tell.
	CheckedAt *time.Time
	Verified  *bool
}

// RejectionDetail is a rejection with all that is kept of it.
type RejectionDetail struct {
	Rejection
	Request     RejectedRequest
	Explanation RejectionExplanation
}

// RejectedRequest is what is kept of a refused request: its form, and no values.
type RejectedRequest struct {
	// Host and the forwarded ones are headers, as claimed.
	Host           string `json:"host"`
	ForwardedHost  string `json:"forwardedHost,omitempty"`
	ForwardedProto string `json:"forwardedProto,omitempty"`
	ContentType    string `json:"contentType,omitempty"`
	// Signature is missing, malformed or present.
	Signature string `json:"signature"`
	// BodyLength is in bytes, of what arrived; Incomplete says that there was more.
	BodyLength int  `json:"bodyLength"`
	Incomplete bool `json:"incomplete,omitempty"`
	// Query and Params are the parameters of query and body, in their order. MoreParams counts those that are left out.
	Query      []RejectedParam `json:"query"`
	Params     []RejectedParam `json:"params"`
	MoreParams int             `json:"moreParams,omitempty"`
	// Error is why the request was refused, as the verifier says it.
	Error string `json:"error"`
}

// RejectedParam is a parameter without its value.
type RejectedParam struct {
	// Name is "" where it is no name that a parameter of Twilio's could have.
	Name string `json:"name"`
	// Length is of the value, in bytes.
	Length int `json:"length"`
	// Hash is equal for equal values of one installation. Its key is not in the database.
	Hash string `json:"hash"`
}

// RejectionExplanation says why a request was refused and what to do about it.
type RejectionExplanation struct {
	// Explained is false where nobody has looked for causes yet.
	Explained bool `json:"explained"`
	// Causes are the likeliest first.
	Causes []RejectionCause `json:"causes"`
	// Cure is what to change, in i-agent's own settings where that helps.
	Cure string `json:"cure"`
	// Signed is the text that was signed, nil where that is not known, and Expected the one that should have been. All values are
	// masked in what is stored.
	Signed   *signature.Text `json:"signed,omitempty"`
	Expected *signature.Text `json:"expected,omitempty"`
	// Proof is how the request would be verified; nil where that is not known.
	Proof *RejectionProof `json:"proof,omitempty"`
}

// RejectionCause is one cause. Kind is one of package signature's CauseKind, or of package rejection's.
type RejectionCause struct {
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Proven bool   `json:"proven"`
	Cure   string `json:"cure"`
}

// RejectionProof is under which settings the signature fitted when the request was there: its query and body are unchanged,
// and these two are the settings.
type RejectionProof struct {
	// URL is the public base URL.
	URL string `json:"url"`
	// Token is a keyed hash by which the token is recognised.
	Token string `json:"token"`
}

// RejectionFilter chooses rejections; an empty field asks for nothing.
type RejectionFilter struct {
	Cause, Kind, Client string
	// Since is included, Until is not.
	Since, Until time.Time
}

const rejectionColumns = `rejections.id, received_at, kind, method, path, status, client, account_sid, cause, proven, summary, checked_at, verified`

func (r *Rejection) fields() []any {
	return []any{&r.ID, &r.ReceivedAt, &r.Kind, &r.Method, &r.Path, &r.Status, &r.Client, &r.AccountSid, &r.Cause, &r.Proven,
		&r.Summary, &r.CheckedAt, &r.Verified}
}

func scanRejection(r row) (Rejection, error) {
	var rejection Rejection
	err := r.Scan(rejection.fields()...)
	return rejection, err
}

// Rejections lists refused requests.
func (s *Store) Rejections(ctx context.Context, by RejectionFilter, page Page) (List[Rejection], error) {
	var f filter
	f.equal("cause", by.Cause)
	f.equal("kind", by.Kind)
	f.equal("client", by.Client)
	if !by.Since.IsZero() {
		f.compare("received_at", ">=", by.Since.UTC())
	}
	if !by.Until.IsZero() {
		f.compare("received_at", "<", by.Until.UTC())
	}
	out, err := list(ctx, s.read(), `SELECT `+rejectionColumns+` FROM rejections`, "rejections", f, page, scanRejection,
		func(r Rejection) string { return r.ID })
	if err != nil {
		return out, fmt.Errorf("listing rejections: %w", err)
	}
	return out, nil
}

// RejectionCount is how many refused requests are kept with one cause.
type RejectionCount struct {
	Cause string
	Count int
	// Last is when the newest of them came.
	Last time.Time
}

// RejectionCounts counts what is kept, a bounded number of rows, the most frequent cause first.
func (s *Store) RejectionCounts(ctx context.Context) ([]RejectionCount, error) {
	var counts []RejectionCount
	err := collect(ctx, s.read(), func(r row) error {
		var c RejectionCount
		err := r.Scan(&c.Cause, &c.Count, &c.Last)
		counts = append(counts, c)
		return err
	}, `SELECT by_cause.cause, by_cause.n, newest.received_at FROM (SELECT cause, COUNT(*) AS n, MAX(id) AS id FROM rejections GROUP BY cause) AS by_cause
		JOIN rejections AS newest ON newest.id = by_cause.id ORDER BY by_cause.n DESC, by_cause.cause`)
	if err != nil {
		return nil, fmt.Errorf("counting rejections: %w", err)
	}
	return counts, nil
}

// Rejection returns one refused request. ErrNotFound when there is none, or no more.
func (s *Store) Rejection(ctx context.Context, id string) (RejectionDetail, error) {
	var d RejectionDetail
	var request, explanation string
	err := s.read().QueryRow(ctx, `SELECT `+rejectionColumns+`, request, explanation FROM rejections WHERE id = $1`, id).
		Scan(append(d.fields(), &request, &explanation)...)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("rejection %s: %w", id, ErrNotFound)
	}
	if err == nil {
		err = errors.Join(json.Unmarshal([]byte(request), &d.Request), json.Unmarshal([]byte(explanation), &d.Explanation))
	}
	if err != nil {
		return d, fmt.Errorf("loading rejection %s: %w", id, err)
	}
	return d, nil
}

// RejectionCheck is what verifying a rejected request again has found.
type RejectionCheck struct {
	RejectionDetail
	// Verified is nil when nobody can tell.
	Verified *bool
	// By is what was looked at: the "request", the "proof" of its explanation, or that it had no "signature"; "" for nothing.
	By string
	// Note says it in words.
	Note string
	// Held says that the request is in the memory of this process; Params are those of one that is verified and held.
	Held   bool
	Params map[string][]string
}
