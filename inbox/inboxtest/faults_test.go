package inboxtest_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/i-agent/iagent/inbox/inboxtest"
)

func TestFaultHappensAtItsStatementOnly(t *testing.T) {
	var f inboxtest.FaultInjector
	ran := 0
	statement := func() error { ran++; return nil }
	for _, tc := range []struct {
		fault inboxtest.Fault
		want  []bool // which of three statements return an error
		ran   int
	}{
		{inboxtest.Fault{}, []bool{false, false, false}, 3},
		{inboxtest.Fault{At: 2}, []bool{false, true, false}, 2},
		{inboxtest.Fault{At: 2, Applied: true}, []bool{false, true, false}, 3},
		{inboxtest.Fault{At: 2, Process: true}, []bool{false, true, true}, 1},
		{inboxtest.Fault{At: 2, Applied: true, Process: true}, []bool{false, true, true}, 2},
	} {
		ran = 0
		f.Arm(tc.fault)
		for i, want := range tc.want {
			if err := f.Do(statement); errors.Is(err, inboxtest.ErrInjected) != want {
				t.Errorf("%+v: Do of statement %d: %v", tc.fault, i+1, err)
			}
		}
		if ran != tc.ran || f.Triggered() != (tc.fault.At > 0) {
			t.Errorf("%+v: %d statements ran, triggered %t", tc.fault, ran, f.Triggered())
		}
		f.Arm(tc.fault)
		for i, want := range tc.want {
			err := f.Step()
			if err == nil {
				err = f.Done()
			}
			if errors.Is(err, inboxtest.ErrInjected) != want {
				t.Errorf("%+v: Step and Done of statement %d: %v", tc.fault, i+1, err)
			}
		}
	}
}

// A statement whose answer is lost has reached the database; one that is stopped has not.
func TestFaultyConnectionLosesOnlyWhatItSays(t *testing.T) {
	for _, applied := range []bool{false, true} {
		var f inboxtest.FaultInjector
		ours, database := net.Pipe()
		conn := f.Conn(ours)
		received := make(chan string, 1)
		go func() {
			b := make([]byte, 64)
			n, _ := database.Read(b)
			received <- string(b[:n])
			if n > 0 {
				io.WriteString(database, "done")
			}
		}()
		f.Arm(inboxtest.Fault{At: 1, Applied: applied})
		_, err := io.WriteString(conn, "COMMIT")
		if applied && err == nil {
			_, err = conn.Read(make([]byte, 64))
		}
		if !errors.Is(err, inboxtest.ErrInjected) {
			t.Errorf("applied %t: %v", applied, err)
		}
		if got := <-received; (got == "COMMIT") != applied {
			t.Errorf("applied %t: the database received %q", applied, got)
		}
		database.Close()
	}
}
