package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/app"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// namedShown is how many calls of a number are named, the newest.
const namedShown = 20

// callNamed is the id of the call that a flag --call means: by its id, by its CallSid, or by its number when there is one call to it.
// An id stays as it is, whether there is such a call or not, and a CallSid only unless bySid.
func callNamed(ctx context.Context, s *store.Store, text string, bySid bool) (string, error) {
	var by store.CallFilter
	number, isNumber := interview.NormalPhoneNumber(text)
	switch {
	case isNumber:
		by.PhoneNumber = number
	case bySid && strings.HasPrefix(text, "CA"):
		by.CallSid = text
	default:
		return text, nil
	}
	found, err := s.Calls(ctx, by, store.Page{Limit: namedShown})
	if err != nil {
		return "", err
	}
	switch len(found.Items) {
	case 0:
		if isNumber {
			text = interview.MaskPhoneNumber(number)
		}
		return "", &app.ConfigError{Faults: []string{"--call: there is no call of " + text}}
	case 1:
		return found.Items[0].ID, nil
	}
	faults := []string{"--call: the number has several calls; give the id of one:"}
	for _, c := range found.Items {
		faults = append(faults, fmt.Sprintf("  %s %s %s", c.ID, c.CreatedAt.UTC().Format(time.RFC3339), c.Status))
	}
	if found.Next != "" {
		faults = append(faults, "  … and older ones")
	}
	return "", &app.ConfigError{Faults: faults}
}
