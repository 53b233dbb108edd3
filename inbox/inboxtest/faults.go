package inboxtest

import (
	"errors"
	"sync"
)

// ErrInjected is the error of a statement that a FaultInjector did not let through, or whose answer it withheld.
var ErrInjected = errors.New("connection lost: an injected fault")

// Fault is the end of a connection, or of the whole process, at one statement.
type Fault struct {
	// At is the number of the statement, counted from Arm: 1 is the next one. BEGIN, COMMIT and ROLLBACK count.
	At int
	// Applied lets the statement reach the database and take effect there, and loses its answer. Without it the
	// connection ends before the statement reaches the database.
	Applied bool
	// Process ends the whole process: no later statement of any connection is let through until Reset. Without it one
	// connection is lost and the process lives on.
	Process bool
}

// FaultInjector makes the connection to the database fail at a chosen statement. The statements of the Processor under
// test pass it in one of three ways: over a connection from [FaultInjector.Conn] (any client of a network database),
// through a driver from [FaultInjector.Connector] (database/sql), or by calling Step before and Done after each statement.
// When Step or Done return an error, the caller closes that statement's connection and returns the error as the
// statement's own.
//
// The zero value has no fault: it lets everything through and counts. It is safe for concurrent use.
type FaultInjector struct {
	mu        sync.Mutex
	fault     Fault
	steps     int
	triggered bool // the fault has happened
	ended     bool // … and it was the end of the process
}

// Arm sets the fault that is to happen and starts to count at 0. An earlier fault is over.
func (f *FaultInjector) Arm(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.steps, f.triggered, f.ended = fault, 0, false, false
}

// Reset ends the fault and sets no other, as the start of a new process does.
func (f *FaultInjector) Reset() { f.Arm(Fault{}) }

// Triggered says whether the fault that was armed has happened.
func (f *FaultInjector) Triggered() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.triggered
}

// Steps counts the statements since Arm.
func (f *FaultInjector) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps
}

// Step is called before a statement is sent. It returns ErrInjected when the statement must not reach the database.
func (f *FaultInjector) Step() error {
	_, err := f.step()
	return err
}

// Done is called after a statement took effect in the database. It returns ErrInjected when its answer is lost. Where
// statements run concurrently and the fault is not the end of the process, use Do: Done cannot tell whose answer it is.
func (f *FaultInjector) Done() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || f.triggered && f.fault.Applied && f.steps == f.fault.At {
		return ErrInjected
	}
	return nil
}

// Do runs one statement between Step and Done.
func (f *FaultInjector) Do(statement func() error) error {
	lost, err := f.step()
	if err != nil {
		return err
	}
	err = statement()
	if lost || f.hasEnded() {
		return ErrInjected
	}
	return err
}

// step counts a statement. It says whether the statement's answer is to be lost.
func (f *FaultInjector) step() (lost bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return false, ErrInjected
	}
	f.steps++
	if f.fault.At == 0 || f.steps != f.fault.At {
		return false, nil
	}
	f.triggered, f.ended = true, f.fault.Process
	if !f.fault.Applied {
		return false, ErrInjected
	}
	return true, nil
}

func (f *FaultInjector) hasEnded() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ended
}
