package api

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// stopRequest is the body of POST /api/stops. The header X-Requested-By does for requestedBy.
type stopRequest struct {
	// Scope is all, which is the default, or a campaign's id.
	Scope string `json:"scope"`
	// Mode is finish, which is the default, or hangup.
	Mode        interview.StopMode `json:"mode"`
	RequestedBy string             `json:"requestedBy"`
	Reason      string             `json:"reason"`
}

// stop is a stop as it is shown.
type stop struct {
	ID          string             `json:"id"`
	Scope       string             `json:"scope"`
	Mode        interview.StopMode `json:"mode"`
	RequestedBy *string            `json:"requestedBy"`
	Reason      *string            `json:"reason"`
	CreatedAt   time.Time          `json:"createdAt"`
	// InForce says that nobody is called.
	InForce bool `json:"inForce"`
	// CarriedOutAt is when all calls that the stop ends were asked to end.
	CarriedOutAt *time.Time `json:"carriedOutAt"`
	EndedAt      *time.Time `json:"endedAt"`
	EndedBy      *string    `json:"endedBy"`
}

// stopped is a new stop with the calls that it found.
type stopped struct {
	stop
	// Queued calls wait on, and are dialled after the stop. Live ones were dialled and are not over, and the stop ends so many of them.
	Queued int `json:"queued"`
	Live   int `json:"live"`
	Ends   int `json:"ends"`
}

func showStop(s interview.Stop) stop {
	return stop{ID: s.ID, Scope: s.Scope, Mode: s.Mode, RequestedBy: nullIfZero(s.RequestedBy), Reason: nullIfZero(s.Reason),
		CreatedAt: s.CreatedAt.UTC(), InForce: s.InForce(), CarriedOutAt: utc(s.CarriedOutAt), EndedAt: utc(s.EndedAt), EndedBy: nullIfZero(s.EndedBy)}
}

// stop answers 201: nobody is dialled from then on. What can be left out is: it may be urgent.
func (a *api) stop(w http.ResponseWriter, r *http.Request) error {
	var body stopRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	body.Scope = cmp.Or(strings.TrimSpace(body.Scope), interview.ScopeAll)
	body.Mode = cmp.Or(body.Mode, interview.StopFinish)
	faults := append(scopeFaults(body.Scope), whoFaults(r, &body.RequestedBy, &body.Reason)...)
	if !body.Mode.Valid() {
		faults = append(faults, fault{Field: "mode", Value: excerpt(string(body.Mode)), Error: "must be finish or hangup"})
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	done, err := a.store.Stop(r.Context(), store.NewStop{Scope: body.Scope, Mode: body.Mode, RequestedBy: body.RequestedBy, Reason: body.Reason})
	if done.ID == "" {
		return err
	}
	if err != nil { // it holds, and what is left to end is ended by others
		a.log.ErrorContext(r.Context(), "ending the calls of a stop goes on", "stop", done.ID, "error", err)
	}
	return answer(w, http.StatusCreated, stopped{stop: showStop(done.Stop), Queued: done.Queued, Live: done.Live, Ends: done.Ends})
}

func (a *api) listStops(w http.ResponseWriter, r *http.Request) error {
	_, page, err := listQuery(r)
	if err != nil {
		return err
	}
	stops, err := a.store.Stops(r.Context(), page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(stops, showStop))
}

// resume answers 200 with the stop, also when it was ended before.
func (a *api) resume(w http.ResponseWriter, r *http.Request) error {
	who, err := whoAsks(w, r)
	if err != nil {
		return err
	}
	ended, err := a.store.Resume(r.Context(), r.PathValue("id"), who.RequestedBy, who.Reason)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, showStop(ended))
}

// requester is who asks for a removal, and why.
type requester struct {
	RequestedBy string `json:"requestedBy"`
	Reason      string `json:"reason"`
}

// whoAsks reads who asks from the body, the query or the header X-Requested-By; nobody needs to say.
func whoAsks(w http.ResponseWriter, r *http.Request) (requester, error) {
	var body requester
	if r.ContentLength != 0 {
		if err := decode(w, r, &body); err != nil {
			return body, err
		}
	}
	query, err := queryOf(r, "requestedBy", "reason")
	if err != nil {
		return body, err
	}
	body.RequestedBy, body.Reason = cmp.Or(body.RequestedBy, query.Get("requestedBy")), cmp.Or(body.Reason, query.Get("reason"))
	if faults := whoFaults(r, &body.RequestedBy, &body.Reason); len(faults) > 0 {
		return body, invalid(faults)
	}
	return body, nil
}

// whoFaults trims who asks, and why, and says what is wrong with it.
func whoFaults(r *http.Request, who, why *string) []fault {
	*who = strings.TrimSpace(cmp.Or(*who, r.Header.Get("X-Requested-By")))
	*why = strings.TrimSpace(*why)
	return append(textFaults("requestedBy", *who, maxName, false), textFaults("reason", *why, maxReason, false)...)
}

func scopeFaults(scope string) []fault {
	if store.PlausibleID(scope) {
		return nil
	}
	return []fault{noScope(scope)}
}

func noScope(scope string) fault {
	return fault{Field: "scope", Value: excerpt(scope), Error: "must be all, or the id of a campaign"}
}
