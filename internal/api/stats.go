package api

import (
	"net/http"

	"github.com/i-agent/iagent/internal/stats"
	"github.com/i-agent/iagent/internal/store"
)

// getStats counts calls, webhooks and runs. Without since it counts all that there ever was.
func (a *api) getStats(w http.ResponseWriter, r *http.Request) error {
	query, err := queryOf(r, "since", "until", "campaignId")
	if err != nil {
		return err
	}
	by := store.StatsFilter{Deadlines: a.deadlines}
	if by.CampaignID, err = queryID(query, "campaignId"); err != nil {
		return err
	}
	if by.Since, by.Until, err = queryTimes(query, a.ready.now()); err != nil {
		return err
	}
	report, err := stats.Collect(r.Context(), a.store, by)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, report)
}
