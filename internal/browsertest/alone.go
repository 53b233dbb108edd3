package browsertest

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// Open opens a tab.
type Open func(look Look) *Tab

// Alone runs a browser outside of a test, for a program that takes pictures. What would fail a test is an error.
func Alone(use func(open Open) error) (err error) {
	t := &outside{}
	defer func() {
		t.end()
		err = errors.Join(err, errors.Join(t.faults...))
	}()
	return t.stopping(func() error {
		open := Start(t)
		return use(func(look Look) *Tab { return open(t, look) })
	})
}

// stopped is what Fatal stops with.
type stopped struct{}

// outside is what this package asks of a test, outside of one.
type outside struct {
	testing.TB // for the methods that nobody here calls
	faults     []error
	cleanups   []func()
}

func (t *outside) Helper()          {}
func (t *outside) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *outside) Errorf(format string, args ...any) {
	t.faults = append(t.faults, fmt.Errorf(format, args...))
}
func (t *outside) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	panic(stopped{})
}
func (t *outside) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprint(args...)) }

func (t *outside) TempDir() string {
	folder, err := os.MkdirTemp("", "iagent-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// stopping runs what may stop with Fatal.
func (t *outside) stopping(run func() error) error {
	defer func() {
		failed := recover()
		if _, ok := failed.(stopped); failed != nil && !ok {
			panic(failed)
		}
	}()
	return run()
}

func (t *outside) end() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	t.cleanups = nil
}
