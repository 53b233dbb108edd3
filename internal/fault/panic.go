package fault

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// panicked is a panic that was caught. Its value may be anything, also what somebody said.
type panicked struct {
	value any
	at    string
	stack string
}

// Panicked makes an error of a value that recover returned. It must be called by the function that recovers. stack is that
// of the goroutine; it is not part of the error's text.
func Panicked(value any, stack []byte) error {
	return &panicked{value: value, at: origin(), stack: string(stack)}
}

func (e *panicked) Error() string { return e.Fault().String() }

// Unwrap is the value, when it is an error.
func (e *panicked) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// Fault shows the type of the value and where the panic began.
func (e *panicked) Fault() Fault {
	return Fault{
		Class: Unclear, Service: "iagent", Reason: fmt.Sprintf("panic with a %T at %s", e.value, e.at),
		Words: fmt.Sprintf("%v\n%s", e.value, e.stack),
	}
}

// Stack is that of the goroutine that panicked: functions, files and addresses, no values.
func (e *panicked) Stack() string { return e.stack }

// origin is the file and line of the frame that panicked: the first one below the runtime's.
func origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
