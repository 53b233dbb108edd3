package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/simulator"
)

// refuse has Twilio's REST API refuse the account's tokens while people wait to be called, and accept them again after some
// ten seconds, in which calls that are under way go on.
func (r *run) refuse(ctx context.Context) {
	draw := rand.New(rand.NewPCG(r.Seed, 12))
	for n := range r.Refusals {
		share := (float64(n) + 0.2 + 0.4*draw.Float64()) / float64(r.Refusals)
		if !r.until(ctx, func(now simulator.Progress) bool { return now.Calls >= int(share*float64(r.Scenario.Calls)) }) {
			return
		}
		r.simulator.RefuseCredentials()
		waiting := r.Scenario.Calls - r.simulator.Progress().Calls
		r.log("the credentials are refused, %d calls wait", waiting)
		if waiting == 0 {
			r.fail(errors.New("all calls had been placed when the credentials were refused"))
		}
		r.report.count(&r.report.Refusals)
		r.report.add(&r.report.Waited, waiting)
		_ = e2e.Wait(ctx, 10*time.Second+time.Duration(draw.IntN(10000))*time.Millisecond)
		r.simulator.AcceptCredentials()
		r.log("the credentials are accepted again")
	}
}
