package main

import (
	"fmt"
	"io"
	"time"

	"github.com/i-agent/iagent/simulator"
)

// Scenario says what is done to the server while it works.
type Scenario struct {
	Name, Description string
	Database          string // sqlite or postgres
	Engine            string // runs the functions: river or inngest; "" is river
	Calls             int
	// Servers is how many processes share the database; 0 means one.
	Servers int
	// Kills are SIGKILLs, spread over the run.
	Kills int
	// Away is how long a killed server stays away. Twilio sends a webhook again for 15 s at most.
	Away time.Duration
	// KillEvery kills one process after another for as long as people are being called.
	KillEvery time.Duration
	// Outages stop PostgreSQL in immediate mode and start it again.
	Outages int
	// ReadOnly is how often PostgreSQL turns read-only for a while, leaving sessions that stay so.
	ReadOnly int
	// Refusals is how often Twilio's REST API refuses the account's tokens for a while, in the middle of the campaigns.
	Refusals int
	// Faults are added to the profile's.
	Faults map[simulator.Fault]float64
	// Reconcile has the server ask Twilio for what never came. Without it what is missing must be found.
	Reconcile bool
	// OverdueAfter is the server's setting, with Reconcile: how soon Twilio is asked; 0 means its default.
	OverdueAfter time.Duration
	// Unrepaired expects that something is missing in the end, and that it is found.
	Unrepaired bool

	Profile string
	Seed    uint64
	// Binary is tried, Judge verifies.
	Binary, Judge string
	Within        time.Duration
	Keep          bool
	// Busy says that the machine does other things, too: that an answer took longer than Twilio waits is no fault of the server then.
	Busy bool
	// Log takes a line for everything that is done to the server; nil is nobody.
	Log io.Writer
}

// scenarios are those of `make soak`.
func scenarios() []Scenario {
	return []Scenario{
		{Name: "kills-sqlite", Description: "the server is killed five times", Database: "sqlite", Calls: 2000, Kills: 5, Reconcile: true},
		{Name: "kills-postgres", Description: "the server is killed five times", Database: "postgres", Calls: 2000, Kills: 5, Reconcile: true},
		{Name: "outages", Description: "the server is killed five times, its database stopped twice and read-only twice", Database: "postgres",
			Calls: 2000, Kills: 5, Outages: 2, ReadOnly: 2, Reconcile: true},
		{Name: "two-servers", Description: "two servers on one database take turns, one is killed every few seconds", Database: "postgres",
			Calls: 2000, Servers: 2, KillEvery: 4 * time.Second, Reconcile: true},
		{Name: "dropped-unrepaired", Description: "callbacks are dropped for good, nobody asks for them", Database: "sqlite", Calls: 300,
			Faults: map[simulator.Fault]float64{simulator.FaultDrop: 0.03}, Unrepaired: true},
		{Name: "dropped", Description: "callbacks are dropped for good, the reconciler asks for them", Database: "sqlite", Calls: 300,
			Faults: map[simulator.Fault]float64{simulator.FaultDrop: 0.03}, Reconcile: true, OverdueAfter: time.Minute},
		{Name: "refused", Description: "Twilio's REST API refuses the auth token for a while in the middle of the campaigns", Database: "postgres",
			Calls: 300, Refusals: 1, Reconcile: true},
	}
}

// Command is what starts this scenario again.
func (s Scenario) Command() string {
	return fmt.Sprintf("go run ./test/soak -scenario %s -engine %s -calls %d -kills %d -profile %s -seed %d",
		s.Name, s.engine(), s.Calls, s.Kills, s.Profile, s.Seed)
}

func (s Scenario) faults() (simulator.Faults, error) {
	faults, err := simulator.ParseProfile(s.Profile)
	for fault, rate := range s.Faults {
		if err == nil {
			err = faults.Set(fault, rate)
		}
	}
	return faults, err
}

func (s Scenario) log(format string, args ...any) {
	if s.Log != nil {
		fmt.Fprintf(s.Log, time.Now().Format("15:04:05.000 ")+format+"\n", args...)
	}
}
