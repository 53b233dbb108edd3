package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// routeSimulations has what the first run offers: an interview that a simulator plays.
func (c *Console) routeSimulations(mux *http.ServeMux) {
	c.adminPage(mux, "POST /console/simulations", c.startSimulation)
}

// simulatedInterview is the action that starts one.
func simulatedInterview() action {
	return action{
		name: "Run a simulated interview",
		explained: "Nobody is called, and neither Twilio nor a model is asked: this server plays both, through its own webhooks. " +
			"Everything of it is marked as simulated, and counts in no statistics. Each is with another person: three give a verdict.",
		at: "/simulations", from: "/calls",
		request: apiRequest{method: http.MethodPost, path: "/api/simulations"},
	}
}

// startSimulation starts an interview and leads to its call.
func (c *Console) startSimulation(w http.ResponseWriter, r *http.Request, role Role) error {
	a := simulatedInterview()
	answer, err := c.ask(r, a.request)
	if err != nil {
		return err
	}
	if !answer.ok() {
		return c.notDone(w, r, role, a, answer.status, answer.problem())
	}
	var started struct {
		CallID string `json:"callId"`
	}
	if err := json.Unmarshal(answer.body, &started); err != nil {
		return fmt.Errorf("reading which call was started: %w", err)
	}
	c.notify(w, "A simulated interview has begun. It takes a few seconds.")
	http.Redirect(w, r, c.path("/calls/"+url.PathEscape(started.CallID)), http.StatusSeeOther)
	return nil
}

// firstRun is what a console without any call offers.
type firstRun struct {
	role    Role
	offered bool // this server has a simulator
	start   actionForm
}

func (c *Console) firstRun(role Role) firstRun {
	return firstRun{role: role, offered: c.simulations, start: c.form(simulatedInterview())}
}
