package inboxtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/i-agent/iagent/inbox/inboxtest"
)

// faultVariable names the fault of TestMemoryProcessorPassesTheSuite's Processor.
const faultVariable = "INBOXTEST_FAULT"

func TestMemoryProcessorPassesTheSuite(t *testing.T) {
	inboxtest.Exercise(t, func(_ *testing.T, handle inboxtest.Handle) inboxtest.Harness {
		return newMemory(handle, os.Getenv(faultVariable))
	})
}

// The suite runs in a process of its own for each broken Processor: there it has to fail, and to come to its end.
func TestBrokenProcessorFailsTheSuite(t *testing.T) {
	for fault, want := range map[string]string{
		faultNoWait:         `the duplicate did not wait for the delivery in flight: outcome "", error in flight`,
		faultAnsweredAtOnce: `the duplicate did not wait for the delivery in flight: outcome "duplicate", error <nil>`,
		faultNoLock:         `the duplicate did not wait for the delivery in flight: outcome "accepted", error <nil>`,
		faultIgnoresContext: "Process did not return within 10s of the end of its context",
		faultHandlesTwice:   "a first delivery: the handler was called 2 times; want 1",
		faultPanics:         "Process panicked: the handler's own panic",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.timeout=2m",
				"-test.run=^TestMemoryProcessorPassesTheSuite$/^(Duplicate|Delivery|Panic|CrashWithMany)/^(Same|ProcessEnds)")
			cmd.Env = append(os.Environ(), faultVariable+"="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the suite passes")
			}
			for _, line := range []string{want, "=== RUN   TestMemoryProcessorPassesTheSuite/CrashWithManyInFlightLosesNoEvent", "--- FAIL: TestMemoryProcessorPassesTheSuite "} {
				if !strings.Contains(string(out), line) {
					t.Fatalf("the suite does not say %q:\n%s", line, out)
				}
			}
		})
	}
}
