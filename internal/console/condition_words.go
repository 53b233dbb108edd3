package console

import (
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// conditionNames are the conditions whose name in an address is none that people use.
var conditionNames = map[string]string{
	"campaignId": "campaign", "callId": "call", "callSid": "CallSid", "phoneNumber": "number", "externalId": "external id",
	"errorCode": "error code", "sipResponse": "SIP response", "error": "error has", "lastError": "last error", "consentGiven": "consent", "minAttempt": "attempt",
	"awaiting": "waits for", "webhookKind": "kind", "createdSince": "created since", "createdUntil": "created before", "atLeast": "took at least",
}

// conditionName is a condition as people read it.
func conditionName(name string) string {
	if plain, ok := conditionNames[name]; ok {
		return plain
	}
	return name
}

// valueNames are the values of conditions that say nothing by themselves.
var valueNames = map[string]map[string]string{
	"consentGiven": {"true": "yes", "false": "no", "null": "not decided"},
	"direction":    {string(interview.DirectionInbound): "called us", string(interview.DirectionOutbound): "we called"},
	"minAttempt":   {"2": "second or later"},
	"claims":       {"rejected": "with a rejected claim"},
	"simulated":    {"true": "only simulated", "false": "only real"},
	"overdue":      {"true": "only what is overdue", "false": "not yet"},
	"outcome":      {string(inbox.Duplicate): deliveredAgain, notAcceptedOutcome: "not accepted"},
}

// deliveredAgain is the condition on webhooks that chooses those with duplicates: each is a row with the outcome that it had at first.
const deliveredAgain = "delivered again"

// conditionValue is the value of a condition as people read it.
func conditionValue(name, value string) string {
	if plain, ok := valueNames[name][value]; ok {
		return plain
	}
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil { // rounded down: an address says it exactly
		return at.UTC().Format(secondsUTC)
	}
	switch name {
	case "awaiting":
		return awaited(interview.Overdue(value))
	case "disposition":
		return strings.TrimSpace(value + " " + interview.Disposition(value).Name())
	case "reason":
		return reasonWords(interview.Refusal(value))
	case "state": // those of runs are words
		return contactStateWords(interview.ContactState(value))
	case "cause":
		return causeInWords(value)
	case "atLeast":
		if d, err := time.ParseDuration(value); err == nil {
			return duration(d)
		}
	}
	return value
}

// conditionWords are a condition as people read it.
func conditionWords(t token) string {
	switch {
	case t.shown != "":
		return conditionName(t.name) + ": " + t.shown
	case t.name == "outcome" && t.value == string(inbox.Duplicate):
		return deliveredAgain
	}
	return conditionName(t.name) + ": " + conditionValue(t.name, t.value)
}

// conditionsWords are all conditions of a list.
func conditionsWords(tokens []token) string {
	said := make([]string, len(tokens))
	for n, t := range tokens {
		said[n] = conditionWords(t)
	}
	return strings.Join(said, ", ")
}

// bulkConditionWords are a condition of a bulk job. Its times are those at which its runs died, or its webhooks arrived.
func bulkConditionWords(kind store.BulkKind, t token) string {
	happened := "died"
	if kind == store.BulkReplay {
		happened = "received"
	}
	value := conditionValue(t.name, t.value)
	switch t.name {
	case "since":
		return happened + " since: " + value
	case "until":
		return happened + " before: " + value
	}
	return conditionName(t.name) + ": " + value
}

// conditions are the tokens that choose rows: not the order of the rows, which has its own links.
func (l listView) conditions() []token {
	return slices.DeleteFunc(slices.Clone(l.tokens), func(t token) bool { return t.name == "sort" })
}
