package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// audited is something that an operator did.
type audited struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// Actor is the name in the request's X-Requested-By or requestedBy, api when it has none, or cli:USER for a command.
	Actor string `json:"actor"`
	// Action is dotted, as in call.cancel.
	Action string `json:"action"`
	// Subject is the id of what it was done to, "" for many things.
	Subject string         `json:"subject"`
	Reason  *string        `json:"reason"`
	Detail  map[string]any `json:"detail"`
}

func (a *api) listAudit(w http.ResponseWriter, r *http.Request) error {
	query, page, err := listQuery(r, "actor", "action", "subject", "since", "until")
	if err != nil {
		return err
	}
	by := store.AuditFilter{Actor: query.Get("actor")}
	if !plausibleText(by.Actor) {
		return badRequest("actor is not a name")
	}
	if by.Action, err = queryID(query, "action"); err != nil {
		return err
	}
	if by.Subject, err = queryID(query, "subject"); err != nil {
		return err
	}
	if by.Since, by.Until, err = queryTimes(query, a.ready.now()); err != nil {
		return err
	}
	entries, err := a.store.AuditLog(r.Context(), by, page)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, newList(entries, func(e store.Audited) audited {
		return audited{ID: e.ID, At: e.At, Actor: e.Actor, Action: e.Action, Subject: e.Subject, Reason: nullIfZero(e.Reason), Detail: e.Detail}
	}))
}

// named puts the name of a request's header X-Requested-By into its context: the audit log keeps it with what is done.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimSpace(r.Header.Get("X-Requested-By"))
		if faults := textFaults("X-Requested-By", name, maxName, false); len(faults) > 0 || !plausibleText(name) {
			writeProblem(w, &problem{status: http.StatusBadRequest,
				message: fmt.Sprintf("X-Requested-By must be a name of at most %d characters", maxName)})
			return
		}
		next.ServeHTTP(w, r.WithContext(interview.WithActor(r.Context(), name)))
	})
}

// plausibleText keeps from the database what it would take for an error.
func plausibleText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
