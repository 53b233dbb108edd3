package inboxtest_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/i-agent/iagent/inbox/inboxtest"
)

func TestFuseBlowsAtItsStatementOnly(t *testing.T) {
	var f inboxtest.Fuse
	ran := 0
	statement := func() error { ran++; return nil }
	for _, tc := range []struct {
		fault inboxtest.Fault
		want  []bool // which of three statements return an error
		ran   int
	}{
		{inboxtest.Fault{}, []bool{false, false, false}, 3},
		{inboxtest.Fault{At: 2}, []bool{false, true, false}, 2},
		{inboxtest.Fault{At: 2, Heard: true}, []bool{false, true, false}, 3},
		{inboxtest.Fault{At: 2, Process: true}, []bool{false, true, true}, 1},
		{inboxtest.Fault{At: 2, Heard: true, Process: true}, []bool{false, true, true}, 2},
	} {
		ran = 0
		f.Arm(tc.fault)
		for i, want := range tc.want {
			if err := f.Do(statement); errors.Is(err, inboxtest.ErrBlown) != want {
				t.Errorf("%+v: Do of statement %d: %v", tc.fault, i+1, err)
			}
		}
		if ran != tc.ran || f.Blown() != (tc.fault.At > 0) {
			t.Errorf("%+v: %d statements ran, blown %t", tc.fault, ran, f.Blown())
		}
		f.Arm(tc.fault)
		for i, want := range tc.want {
			err := f.Step()
			if err == nil {
				err = f.Done()
			}
			if errors.Is(err, inboxtest.ErrBlown) != want {
				t.Errorf("%+v: Step and Done of statement %d: %v", tc.fault, i+1, err)
			}
		}
	}
}

// A statement whose answer is lost has reached the database; one that the fuse stops has not.
func TestFusedConnectionLosesWhatItSaysItLoses(t *testing.T) {
	for _, heard := range []bool{false, true} {
		var f inboxtest.Fuse
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
		f.Arm(inboxtest.Fault{At: 1, Heard: heard})
		_, err := io.WriteString(conn, "COMMIT")
		if heard && err == nil {
			_, err = conn.Read(make([]byte, 64))
		}
		if !errors.Is(err, inboxtest.ErrBlown) {
			t.Errorf("heard %t: %v", heard, err)
		}
		if got := <-received; (got == "COMMIT") != heard {
			t.Errorf("heard %t: the database received %q", heard, got)
		}
		database.Close()
	}
}
