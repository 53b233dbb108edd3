// Package crash kills the real program, again and again, while a simulated Twilio calls people with it, and holds what
// is left against what was true: nothing may be lost, nothing doubled and nobody called twice.
//
// A failure prints its seed and the command that plays it again. The settings of a longer run are in the environment:
//
//	CRASH_SEED=7 CRASH_CALLS=2000 CRASH_KILLS=5 go test ./test/crash -run Killed -timeout 1h
package crash
