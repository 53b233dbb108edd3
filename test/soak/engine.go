package main

import (
	"cmp"
	"fmt"

	"github.com/i-agent/iagent/internal/testserver/inngest"
)

// The engines, as JOBS_ENGINE names them.
const engineRiver, engineInngest = "river", "inngest"

func (s Scenario) engine() string { return cmp.Or(s.Engine, engineRiver) }

// enginesOf are those that -engine means.
func enginesOf(name string) ([]string, error) {
	switch name {
	case engineRiver, engineInngest:
		return []string{name}, nil
	case "both":
		return []string{engineRiver, engineInngest}, nil
	}
	return nil, fmt.Errorf("-engine is river, inngest or both, not %q", name)
}

// on returns the scenarios on each of the engines.
func on(engines []string, scenarios []Scenario) (out []Scenario) {
	for _, s := range scenarios {
		for _, s.Engine = range engines {
			out = append(out, s)
		}
	}
	return out
}

// openEngine starts what runs the functions, if that is not the server itself, and returns what a server must know of it.
func (r *run) openEngine() (env []string) {
	env = []string{"JOBS_ENGINE=" + r.engine()}
	if r.engine() != engineInngest {
		return env
	}
	r.inngest = inngest.Start(r.running.Living)
	r.closers = append(r.closers, r.inngest.Close)
	settings := r.inngest.Settings()
	for n := 0; n < len(settings); n += 2 {
		env = append(env, settings[n]+"="+settings[n+1])
	}
	return env
}

// countEngine reports what Inngest did.
func (r *run) countEngine() {
	if r.inngest == nil {
		return
	}
	r.report.Inngest = map[inngest.State]int{}
	for _, run := range r.inngest.Runs() {
		r.report.Inngest[run.State]++
		r.report.Calls += run.Calls
	}
}
