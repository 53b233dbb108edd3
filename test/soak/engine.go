package main

import (
	"cmp"
	"fmt"
	"sync/atomic"

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
	r.inngest = inngest.Start(r.living())
	r.closers = append(r.closers, r.inngest.Close)
	settings := r.inngest.Settings()
	for n := 0; n < len(settings); n += 2 {
		env = append(env, settings[n]+"="+settings[n+1])
	}
	return env
}

// living returns the URLs of the servers that live in turn, as a load balancer with health checks would, "" while none does.
// A call under way when its server is killed fails, and so does one that was given to it a moment too late.
func (r *run) living() func() string {
	var turn atomic.Uint64
	return func() string {
		first := turn.Add(1)
		for n := range len(r.servers) {
			s := r.servers[(int(first%uint64(len(r.servers)))+n)%len(r.servers)]
			if s.alive() {
				return "http://" + s.address
			}
		}
		return ""
	}
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
