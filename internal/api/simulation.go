package api

import (
	"errors"
	"net/http"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// startedSimulation is the answer to POST /api/simulations.
type startedSimulation struct {
	CampaignID string               `json:"campaignId"`
	CallID     string               `json:"callId"`
	Status     interview.CallStatus `json:"status"`
	Simulated  bool                 `json:"simulated"`
}

// startSimulation queues a call that a simulator plays: nobody is called. 501 where this server has no simulator.
func (a *api) startSimulation(w http.ResponseWriter, r *http.Request) error {
	if !a.simulations {
		return &problem{status: http.StatusNotImplemented, message: "This server has no simulator"}
	}
	call, err := a.store.StartSimulation(r.Context(), interview.SimulatedCampaign(), interview.SimulatedNumbers())
	if refused := new(store.RefusedNumbersError); errors.As(err, &refused) {
		return &problem{status: http.StatusConflict, message: "Too many simulated interviews are under way"}
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/calls/"+call.ID)
	return answer(w, http.StatusAccepted, startedSimulation{CampaignID: call.CampaignID, CallID: call.ID, Status: call.Status, Simulated: true})
}
