package main

import (
	"io"
	"strings"
	"testing"
)

func TestEveryScenarioRunsOnBothEngines(t *testing.T) {
	commands := map[string]bool{}
	for _, s := range on([]string{engineRiver, engineInngest}, scenarios()) {
		commands[s.Command()] = true
		if !strings.Contains(s.Command(), "-scenario "+s.Name+" -engine "+s.Engine+" ") {
			t.Errorf("the command does not name the engine %s: %s", s.Engine, s.Command())
		}
	}
	if len(commands) != 2*len(scenarios()) {
		t.Errorf("%d runs of %d scenarios", len(commands), len(scenarios()))
	}
	if err := soak(t.Context(), []string{"-engine", "cron"}, io.Discard); err == nil || !strings.Contains(err.Error(), "river, inngest or both") {
		t.Errorf("an unknown engine: %v", err)
	}
}
