package api

import (
	"net/http"

	"github.com/i-agent/iagent/internal/stats"
)

// getDispositions counts the contacts of a campaign by final disposition, with the rates of survey research.
func (a *api) getDispositions(w http.ResponseWriter, r *http.Request) error {
	if _, err := queryOf(r); err != nil {
		return err
	}
	counted, err := stats.CollectDispositions(r.Context(), a.store, r.PathValue("id"))
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, counted)
}
