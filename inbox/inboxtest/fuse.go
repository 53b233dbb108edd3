package inboxtest

import (
	"errors"
	"sync"
)

// ErrBlown is what a statement returns that a Fuse did not let through, or whose answer it withheld.
var ErrBlown = errors.New("connection lost: the fuse has blown")

// Fault is the end of a connection, or of the whole process, at one statement.
type Fault struct {
	// At is the number of the statement, counted from Arm: 1 is the next one. BEGIN, COMMIT and ROLLBACK count.
	At int
	// Heard lets the statement reach the database and take effect there, and loses its answer. Without it the
	// connection ends before the database hears of the statement.
	Heard bool
	// Process ends the whole process: no later statement of any connection is let through until Reset. Without it one
	// connection is lost and the process lives on.
	Process bool
}

// Fuse makes the connection to the database fail at a chosen statement. The statements of the Processor under test pass
// it one way or another: over a connection from [Fuse.Conn] (any client of a network database), through a driver from
// [Fuse.Connector] (database/sql), or by calling Step before and Done after each statement. When Step or Done return an
// error, the caller closes that statement's connection and returns the error as the statement's own.
//
// The zero value is a whole fuse that lets everything through and counts. It is safe for concurrent use.
type Fuse struct {
	mu    sync.Mutex
	fault Fault
	steps int
	blown bool // the fault has happened
	dead  bool // … and it was the process's end
}

// Arm sets the fault that is to happen and starts to count at 0. It makes a blown fuse whole.
func (f *Fuse) Arm(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.steps, f.blown, f.dead = fault, 0, false, false
}

// Reset makes the fuse whole and harmless, as the start of a new process does.
func (f *Fuse) Reset() { f.Arm(Fault{}) }

// Blown says whether the fault that was armed has happened.
func (f *Fuse) Blown() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blown
}

// Steps counts the statements since Arm.
func (f *Fuse) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps
}

// Step is called before a statement is sent. It returns ErrBlown when the statement must not reach the database.
func (f *Fuse) Step() error {
	_, err := f.step()
	return err
}

// Done is called after a statement took effect in the database. It returns ErrBlown when its answer is lost. Where
// statements run concurrently and the fault is not the end of the process, use Do: Done cannot tell whose answer it is.
func (f *Fuse) Done() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead || f.blown && f.fault.Heard && f.steps == f.fault.At {
		return ErrBlown
	}
	return nil
}

// Do runs one statement between Step and Done.
func (f *Fuse) Do(statement func() error) error {
	lost, err := f.step()
	if err != nil {
		return err
	}
	err = statement()
	if lost || f.isDead() {
		return ErrBlown
	}
	return err
}

// step counts a statement. It says whether the statement's answer is to be lost.
func (f *Fuse) step() (lost bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return false, ErrBlown
	}
	f.steps++
	if f.fault.At == 0 || f.steps != f.fault.At {
		return false, nil
	}
	f.blown, f.dead = true, f.fault.Process
	if !f.fault.Heard {
		return false, ErrBlown
	}
	return true, nil
}

func (f *Fuse) isDead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}
