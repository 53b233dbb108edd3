package reconcile

import (
	"errors"
	"fmt"
	"strings"
)

// unlearnt are the calls about which nothing was learnt, by the reason. The zero value has none.
type unlearnt struct {
	reasons []error // each once, in order
	calls   map[string][]string
}

// add notes a call, unless err is nil.
func (u *unlearnt) add(call string, err error) {
	if err == nil {
		return
	}
	reason := err.Error()
	if u.calls[reason] == nil {
		u.reasons = append(u.reasons, err)
	}
	if u.calls == nil {
		u.calls = map[string][]string{}
	}
	u.calls[reason] = append(u.calls[reason], call)
}

// err has a line for each reason that names its calls; nil when there is none.
func (u *unlearnt) err() error {
	var lines []error
	for _, reason := range u.reasons {
		calls := u.calls[reason.Error()]
		if len(calls) == 1 {
			lines = append(lines, fmt.Errorf("call %s: %w", calls[0], reason))
		} else {
			lines = append(lines, fmt.Errorf("%w: %d calls: %s", reason, len(calls), strings.Join(calls, " ")))
		}
	}
	return errors.Join(lines...)
}
