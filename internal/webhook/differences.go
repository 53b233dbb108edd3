package webhook

import (
	"errors"
	"reflect"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Outcome is what a decision came to.
type Outcome struct {
	Change interview.Change
	Reply  inbox.Reply
	Err    error
}

// Differences names in what two outcomes of the same call and event differ, such as call.Consent or reply; nil when they are the
// same. It names fields and never their values, which may be personal data. Two refusals are the same if status and reason are.
func Differences(a, b Outcome) []string {
	if a.Err != nil || b.Err != nil {
		var one, other *inbox.Refusal
		if errors.As(a.Err, &one) && errors.As(b.Err, &other) && *one == *other {
			return nil
		}
		return []string{"error"}
	}
	var names []string
	add := func(name string, one, other any) {
		if !reflect.DeepEqual(one, other) {
			names = append(names, name)
		}
	}
	was, is := reflect.ValueOf(a.Change.Call), reflect.ValueOf(b.Change.Call)
	for i := range was.NumField() {
		add("call."+was.Type().Field(i).Name, was.Field(i).Interface(), is.Field(i).Interface())
	}
	add("recordings", dropEmpty(a.Change.Recordings), dropEmpty(b.Change.Recordings))
	add("utterances", dropEmpty(a.Change.Utterances), dropEmpty(b.Change.Utterances))
	add("jobs", dropEmpty(a.Change.Jobs), dropEmpty(b.Change.Jobs))
	add("erase", a.Change.Erase, b.Change.Erase)
	add("reply.status", a.Reply.Status, b.Reply.Status)
	add("reply.type", a.Reply.ContentType, b.Reply.ContentType)
	add("reply.body", string(a.Reply.Body), string(b.Reply.Body))
	return names
}

// dropEmpty makes no list and an empty one the same.
func dropEmpty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}
