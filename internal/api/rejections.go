package api

import (
	"context"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// Rejections explains and verifies again what was refused. Errors are store.ErrNotFound or ours.
type Rejections interface {
	// Detail returns a rejection, and whether the request is held in memory.
	Detail(ctx context.Context, id string) (d store.RejectionDetail, held bool, err error)
	// Check verifies the request again, with the settings of this process.
	Check(ctx context.Context, id string) (store.RejectionCheck, error)
}

// rejectionSummary is a request that was refused before it was known to be Twilio's, as it is listed.
type rejectionSummary struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"receivedAt"`
	// Kind is null for a path that is no webhook's.
	Kind   *string `json:"kind"`
	Method string  `json:"method"`
	Path   string  `json:"path"`
	Status int     `json:"status"`
	Client string  `json:"client"`
	// AccountSid is the account that the request claims.
	AccountSid *string `json:"accountSid"`
	// Cause is the kind of the likeliest one, proven if the signature fits once it is undone. Summary is cause and cure.
	Cause   string `json:"cause"`
	Proven  bool   `json:"proven"`
	Summary string `json:"summary"`
	// CheckedAt and Verified are of the last check; Verified is null when nobody could tell.
	CheckedAt *time.Time `json:"checkedAt"`
	Verified  *bool      `json:"verified"`
}

// rejectionDetail is a rejection with its explanation.
type rejectionDetail struct {
	rejectionSummary
	// Request has the names of its parameters, and of their values only the lengths and keyed hashes.
	Request     store.RejectedRequest `json:"request"`
	Explanation rejectionExplanation  `json:"explanation"`
	// Held says that this process has the request itself, so that a check verifies it.
	Held bool `json:"held"`
}

type rejectionExplanation struct {
	Explained bool                   `json:"explained"`
	Causes    []store.RejectionCause `json:"causes"`
	Cure      *string                `json:"cure"`
	// Signed is the text that was signed, null where that is not known, Expected the one that should have been. Values are masked
	// unless the request is held and a cause is proven.
	Signed   *signature.Text `json:"signed"`
	Expected *signature.Text `json:"expected"`
}

// rejectionCheck is the answer to a check.
type rejectionCheck struct {
	rejectionDetail
	// By is request, proof or signature, null where nobody could tell; Note says it in words.
	By   *string `json:"by"`
	Note string  `json:"note"`
	// Params are the values of a request that is verified now and held in memory.
	Params map[string][]string `json:"params,omitempty"`
}

func (a *api) handleRejections() {
	a.handleQuery("GET /api/rejections", "", a.listRejections)
	if a.rejections != nil {
		a.handle("GET /api/rejections/{id}", "Rejection", a.getRejection)
		a.handle("POST /api/rejections/{id}/check", "Rejection", a.checkRejection)
	}
}

func (a *api) listRejections(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "cause", "kind", "client", "since", "until")
	if err != nil {
		return err
	}
	by := store.RejectionFilter{}
	for name, to := range map[string]*string{"cause": &by.Cause, "kind": &by.Kind, "client": &by.Client} {
		if *to, err = queryID(query, name); err != nil {
			return err
		}
	}
	if by.Since, by.Until, err = queryTimes(query, a.ready.now()); err != nil {
		return err
	}
	rejections, err := a.store.Rejections(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(rejections, summarizeRejection))
}

func (a *api) getRejection(w http.ResponseWriter, r *http.Request) error {
	d, held, err := a.rejections.Detail(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showRejection(d, held))
}

func (a *api) checkRejection(w http.ResponseWriter, r *http.Request) error {
	c, err := a.rejections.Check(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, rejectionCheck{
		rejectionDetail: showRejection(c.RejectionDetail, c.Held), By: nullIfZero(c.By), Note: c.Note, Params: c.Params,
	})
}

func summarizeRejection(r store.Rejection) rejectionSummary {
	return rejectionSummary{
		ID: r.ID, ReceivedAt: r.ReceivedAt.UTC(), Kind: nullIfZero(r.Kind), Method: r.Method, Path: r.Path, Status: r.Status, Client: r.Client,
		AccountSid: nullIfZero(r.AccountSid), Cause: r.Cause, Proven: r.Proven, Summary: r.Summary, CheckedAt: utc(r.CheckedAt), Verified: r.Verified,
	}
}

func showRejection(d store.RejectionDetail, held bool) rejectionDetail {
	x := d.Explanation
	return rejectionDetail{
		rejectionSummary: summarizeRejection(d.Rejection), Request: d.Request, Held: held,
		Explanation: rejectionExplanation{Explained: x.Explained, Causes: each(x.Causes, func(c store.RejectionCause) store.RejectionCause { return c }),
			Cure: nullIfZero(x.Cure), Signed: x.Signed, Expected: x.Expected},
	}
}
