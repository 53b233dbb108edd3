package main

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brokenGate is the program with five rules of who may be called broken: BROKEN_RULE says which of them, so that one build is enough.
var brokenGate = []mutant{
	{"internal/store/gate_facts.go",
		[]string{
			"	facts.Stopped = stops > 0\n	listed, err :=",
			"	facts.Stopped = stops > 0\n	if c.MaxPerDay",
			"	byHash := make(map[string]string, len(numbers))",
			"s.zones.Of(p.contact.TimeZone, p.contact.PhoneNumber)",
		},
		[]string{
			"	facts.Stopped = stops > 0 && !broken(\"stop\")\n	listed, err :=",
			"	facts.Stopped = stops > 0 && !broken(\"stop\")\n	s.countHere(ctx, q, &facts)\n	if c.MaxPerDay",
			"	if broken(\"list\") {\n		return listed, nil\n	}\n	byHash := make(map[string]string, len(numbers))",
			"s.zonesOf(p.contact)",
		}},
	{"internal/store/dial.go",
		[]string{"	var waits error\n	err := s.write("},
		[]string{"	var waits error\n	s.askEarly(ctx, callID)\n	err := s.write("}},
	{"internal/store/dial_gate.go",
		[]string{"	if err := tx.claimNumber(ctx, call, &facts); err != nil {", "	v := interview.MayCall(facts)\n"},
		[]string{"	askedEarly(call.ID, &facts)\n	if err := tx.claimNumber(ctx, call, &facts); err != nil {", "	askedEarly(call.ID, &facts)\n	v := interview.MayCall(facts)\n"}},
}

// brokenGateFile is what the broken rules need.
const brokenGateFile = `package store

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/i-agent/iagent/internal/interview"
)

func broken(rule string) bool { return os.Getenv("BROKEN_RULE") == rule }

// zonesOf takes the time zone of the server for that of the contact.
func (s *Store) zonesOf(c interview.Contact) interview.TimeZones {
	if broken("zone") {
		return s.zones.Of("UTC", "")
	}
	return s.zones.Of(c.TimeZone, c.PhoneNumber)
}

// begun is when each process was first asked, by its Store.
var begun sync.Map

// countHere counts the calls under way that this process dialled.
func (s *Store) countHere(ctx context.Context, q querier, facts *interview.GateFacts) {
	since, _ := begun.LoadOrStore(s, facts.Now)
	if broken("cap") {
		_ = q.QueryRow(ctx, "SELECT COUNT(*) FROM calls WHERE campaign_id = $1 AND ended_as = '' AND dialed_at >= $2",
			facts.Campaign.ID, since.(time.Time)).Scan(&facts.Concurrent)
	}
}

// early is what the gate was asked about before the transaction, by call.
var early sync.Map

type answer struct{ stopped, listed bool }

// askEarly asks what others may change before the transaction that writes the intent. It pauses until a stop is in force, for a second at
// most: without that a breach needs some luck.
func (s *Store) askEarly(ctx context.Context, callID string) {
	if !broken("transaction") {
		return
	}
	var campaign, number string
	_ = s.read().QueryRow(ctx, "SELECT campaign_id, phone_number FROM calls WHERE id = $1", callID).Scan(&campaign, &number)
	var stops int
	_ = s.read().QueryRow(ctx, "SELECT COUNT(*) FROM stops WHERE scope IN ('all', $1) AND ended_at IS NULL", campaign).Scan(&stops)
	listed, _ := s.listed(ctx, s.read(), campaign, []string{number})
	early.Store(callID, answer{stops > 0, listed[number]})
	for n := 0; stops == 0 && n < 1000; n++ {
		time.Sleep(time.Millisecond)
		_ = s.read().QueryRow(ctx, "SELECT COUNT(*) FROM stops WHERE scope IN ('all', $1) AND ended_at IS NULL", campaign).Scan(&stops)
	}
}

// askedEarly gives the transaction the answer from before it.
func askedEarly(callID string, facts *interview.GateFacts) {
	if a, ok := early.Load(callID); ok && broken("transaction") {
		facts.Stopped, facts.Listed = a.(answer).stopped, a.(answer).listed
	}
}
`

// TestBrokenGateIsNamed plays the hours of TestEachRuleOfTheGateHolds in test/week with a program that breaks the rule: iagent verify must
// name it, and so must the judge that looks at the simulated Twilio alone, where it can.
func TestBrokenGateIsNamed(t *testing.T) {
	t.Parallel()
	sources := map[string]string{}
	for _, m := range brokenGate {
		file, source := m.source(t)
		sources[file] = source
	}
	store, err := filepath.Abs("../../internal/store")
	if err != nil {
		t.Fatal(err)
	}
	sources[filepath.Join(store, "broken_gate.go")] = brokenGateFile
	binary := filepath.Join(t.TempDir(), "week.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, "-overlay", overlay(t, sources), "../week")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	for rule, want := range map[string][]string{
		"transaction": {"dialled-while-stopped"},
		"list":        {"dialled-though-listed", "since it is on the do-not-call list", "after opting out"},
		"stop":        {"dialled-while-stopped", "was dialled though stop"},
		"zone":        {"dialled-in-another-zone", "where it is"},
		"cap":         {"dialled-over-cap", "calls at once"},
		"":            nil, // the same build breaks nothing when it is not asked to
	} {
		t.Run(cmp.Or(rule, "none"), func(t *testing.T) {
			t.Parallel()
			pattern := "^" + rule + "$"
			if rule == "" {
				pattern = "."
			}
			cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^TestEachRuleOfTheGateHolds$/"+pattern+"/^sqlite$", "-test.v")
			cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "BROKEN_RULE="+rule)
			out, err := cmd.CombinedOutput()
			if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
				t.Fatal(err)
			}
			if (err != nil) != (want != nil) || !strings.Contains(string(out), "TestEachRuleOfTheGateHolds/") {
				t.Errorf("it ended with %v", err)
			}
			for _, text := range want {
				n := strings.Count(string(out), text)
				if t.Logf("%q: %d times", text, n); n == 0 {
					t.Errorf("nobody says %q", text)
				}
			}
			if t.Failed() {
				t.Logf("%s", out)
			}
		})
	}
}
