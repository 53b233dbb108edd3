package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/e2e"
	"github.com/i-agent/iagent/internal/e2e/e2etest"
	"github.com/i-agent/iagent/simulator"
)

// mutant is a build that breaks the promise on purpose.
type mutant struct {
	file     string // from the module's root
	replaced []string
	by       []string
}

// claimFirst commits the event's id before anything else, as many receivers of webhooks do. The pause makes it likely that
// a crash falls between the two commits; without it a crash needs some luck to.
var claimFirst = mutant{"internal/store/webhook_processor.go",
	[]string{`	return p.store.write(ctx, func(tx *Tx) error {
		b := p.newBatch(tx, deliveries)
		return b.run(ctx)
	})`},
	[]string{`	var claimed map[string]bool
	err = p.store.write(ctx, func(tx *Tx) error {
		b := p.newBatch(tx, deliveries)
		err := b.load(ctx)
		claimed = b.claimed
		return err
	})
	if err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond)
	return p.store.write(ctx, func(tx *Tx) error {
		b := p.newBatch(tx, deliveries)
		if err := b.load(ctx); err != nil {
			return err
		}
		b.claimed = claimed
		if err := b.admit(ctx); err != nil {
			return err
		}
		for _, d := range b.admitted {
			if err := b.settle(ctx, d); err != nil {
				return err
			}
		}
		return b.save(ctx)
	})`},
}

// goesBack lets the status of a call be what the last callback said.
var goesBack = mutant{"internal/interview/call_state.go",
	[]string{"case status.Rank() <= c.Status.Rank():", "return sequence >= c.Sequence"},
	[]string{"case status == c.Status:", "return true"},
}

// jsonToVoice answers every duplicate with JSON, TwiML or not.
var jsonToVoice = mutant{"inbox/answer.go",
	[]string{`if isJSON(reply.ContentType) && isSuccess(reply) || !isJSON(reply.ContentType) && acceptsJSON(r.Header["Accept"]) {`},
	[]string{`if true {`},
}

// build makes the mutant's binary.
func (m mutant) build(t *testing.T) string {
	t.Helper()
	original, source := m.source(t)
	path, err := e2e.Build(t.Context(), t.TempDir(), e2e.Command, "-overlay", overlay(t, map[string]string{original: source}))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// source is the file that is changed, and its text then. A text that is not in the sources any more fails the test: it would try a sound
// build.
func (m mutant) source(t *testing.T) (file, source string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(root, filepath.FromSlash(m.file))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	source = string(text)
	for i, replaced := range m.replaced {
		if strings.Count(source, replaced) != 1 {
			t.Fatalf("%s has not exactly one of:\n%s", m.file, replaced)
		}
		source = strings.Replace(source, replaced, m.by[i], 1)
	}
	return file, source
}

// overlay writes the file for go build -overlay that gives files other texts.
func overlay(t *testing.T, sources map[string]string) string {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for file, source := range sources {
		replace[file] = write(filepath.Base(file), []byte(source))
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	return write("overlay.json", text)
}

// TestBrokenPromiseIsNamed runs builds that break the promise: a soak must name what is broken of each.
func TestBrokenPromiseIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mutant   mutant
		scenario Scenario
		want     []string // rules, each of which must be named
	}{
		"the id is committed before the work": {claimFirst,
			Scenario{Calls: 60, Kills: 3, Profile: "calm"}, []string{"verify id-without-event"}},
		"the state goes back": {goesBack,
			Scenario{Calls: 30, Profile: "calm", Faults: map[simulator.Fault]float64{simulator.FaultReorder: 0.4}},
			[]string{"status"}},
		"a repeated voice webhook gets JSON": {jsonToVoice,
			Scenario{Calls: 20, Profile: "calm", Faults: map[simulator.Fault]float64{simulator.FaultDuplicate: 0.4}},
			[]string{simulator.RuleAnswersDiffer, simulator.RuleDebuggerErrors}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := test.scenario
			s.Name, s.Database, s.Seed, s.Within = "mutant", "sqlite", 1, 10*time.Minute
			s.Binary, s.Judge = test.mutant.build(t), e2etest.Binary(t)
			report, err := Run(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			report.Print(t.Output())
			for _, rule := range test.want {
				if len(report.Violations[rule]) == 0 {
					t.Errorf("%s is not among what is broken", rule)
				}
			}
			if slices.Contains(test.want, "status") && report.After.OK() {
				t.Error("verify finds nothing in a database whose calls are not what their events say")
			}
		})
	}
}
