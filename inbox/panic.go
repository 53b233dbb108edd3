package inbox

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a panic of a handler, as an error. Its text is the panic's value alone; the stack is for a log.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked, as text
}

// Recovered returns the error of a panic, with the stack of the goroutine that panicked; call it in the deferred function
// that recovers. It returns nil for a nil value.
func Recovered(value any) error {
	if value == nil {
		return nil
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error says what the panic's value is.
func (p *PanicError) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Unwrap returns the panic's value where it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}
