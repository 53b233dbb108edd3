package rejection

import (
	"context"
	"errors"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// Detail returns a rejection with its explanation, and whether the request is held in this process. A rejection that was not
// explained yet is, if the request is held. The error is store.ErrNotFound when there is none.
func (k *Keeper) Detail(ctx context.Context, id string) (store.RejectionDetail, bool, error) {
	d, err := k.config.Store.Rejection(ctx, id)
	if err != nil {
		return d, false, err
	}
	r := k.held.get(id)
	if r == nil {
		return d, false, nil
	}
	if !d.Explanation.Explained {
		if err := k.explainAgain(ctx, r, &d); err != nil {
			return d, true, err
		}
	}
	if d.Proven {
		k.config.Explainer.Show(r, &d.Explanation)
	}
	return d, true, nil
}

// explainAgain replaces the explanation of a stored rejection.
func (k *Keeper) explainAgain(ctx context.Context, r *Request, d *store.RejectionDetail) error {
	fresh := k.explain(ctx, r)
	d.Cause, d.Proven, d.Summary, d.Explanation = fresh.Cause, fresh.Proven, fresh.Summary, fresh.Explanation
	if err := k.config.Store.ExplainRejection(ctx, d); !errors.Is(err, store.ErrNotFound) { // pruned meanwhile
		return err
	}
	return nil
}

// Check verifies the signature of a rejected request again, with today's settings. The error is store.ErrNotFound when there is
// no such rejection.
//
// The request itself decides while this process holds it. After that the proof decides, if it was found with which settings the
// signature fits: its query and body were not changed on their way, so only the URL and the token count. Else nobody can tell.
func (k *Keeper) Check(ctx context.Context, id string) (store.RejectionCheck, error) {
	c := store.RejectionCheck{}
	var err error
	if c.RejectionDetail, err = k.config.Store.Rejection(ctx, id); err != nil {
		return c, err
	}
	r, e := k.held.get(id), k.config.Explainer
	yes, no := true, false
	switch proof := c.Explanation.Proof; {
	case r != nil:
		c.Held, c.By, c.Verified = true, "request", &no
		if _, err := e.verifier.Verify(r.Request); err == nil {
			c.Verified, c.Params = &yes, paramsOf(r)
			c.Note = "Twilio signed this request"
			if r.Status != 403 {
				c.Note += "; it was refused for another reason: " + c.Summary
			}
			break
		}
		c.Note = "the signature does not fit with today's settings"
		if !c.Explanation.Explained {
			if err := k.explainAgain(ctx, r, &c.RejectionDetail); err != nil {
				return c, err
			}
		}
	case c.Request.Signature != "present":
		c.By, c.Verified, c.Note = "signature", &no, "the request had no signature that could fit"
	case proof != nil && e.proven(proof, c.Path):
		c.By, c.Verified = "proof", &yes
		c.Note = "the signature fitted the URL and the token that are configured now; query and body were as they were signed"
	case proof != nil:
		c.By, c.Verified = "proof", &no
		c.Note = "the signature fitted another URL or another token than those that are configured now: see signed and expected"
	default:
		c.Note = "nobody can tell: the values of the request are not stored, and the process that received it does not hold it any more; wait for the " +
			"next request, or let iagent explain look at one that was captured"
	}
	at, err := k.config.Store.RejectionChecked(ctx, id, c.Verified)
	c.CheckedAt, c.RejectionDetail.Verified = &at, c.Verified
	return c, err
}

// paramsOf are the parameters of a request that was verified.
func paramsOf(r *Request) map[string][]string {
	if bodiless(r.Method) {
		return signature.ParseTarget(r.Target)
	}
	return signature.ParseForm(string(r.Body))
}

// Hash is that of a value of a parameter, as it is kept of the requests that were refused. It is another one after the first auth
// token was changed.
func (k *Keeper) Hash(value string) string { return k.config.Explainer.redactor.hash(value) }
