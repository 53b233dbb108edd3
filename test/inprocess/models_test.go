package inprocess_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/demo"
	"github.com/i-agent/iagent/internal/demo/demotest"
	"github.com/i-agent/iagent/internal/testdb"
	"github.com/i-agent/iagent/simulator"
)

// TestEveryKindOfModelServerComesToTheSameVerdicts runs the demo's calls against servers that answer in their own ways: the
// people's answers must come to the verdicts that they come to elsewhere, and every transcript must be what was said.
func TestEveryKindOfModelServerComesToTheSameVerdicts(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]simulator.Faults{
		"no schema, thinks": {ModelNoSchema: 1, ModelThinks: 1},
		"prose, invents":    {ModelProse: 1, SpeechInvents: 1},
		"reasoning":         {ModelReasoning: 1},
		"tool call":         {ModelToolCall: 1},
		"parts":             {ModelParts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			demotest.KeepsItsPromises(t, demo.Options{Seed: 3, Calls: 20, Faults: &faults}, "")
		})
	}
}

// TestSilentRecordingsAreTranscriptsOfNothing has people of whom nothing, or nobody at all, is on the recording, and a
// model that writes words for silence.
func TestSilentRecordingsAreTranscriptsOfNothing(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite:" + testdb.SQLite(t), testdb.Postgres(t)} {
		faults := simulator.Faults{RecordingSilent: 0.5, RecordingEmpty: 0.4, SpeechInvents: 1}
		demotest.KeepsItsPromises(t, demo.Options{Seed: 1, Calls: 5, DatabaseURL: database, Faults: &faults}, "")
	}
}
