package console

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// recordView is another record of an event, compared with the one that its page is of.
type recordView struct {
	store.Webhook
	// at is the address of its page.
	at string
	// gap is how much later it came, with its sign.
	gap string
	// token, target and body say how they differ from those of the page's, or that they are the same.
	token, target, body string
	// changed are the parameters that differ.
	changed []changedParameter
}

// changedParameter has a value here, another there, or is only in one of them. Values of a viewer's are left out.
type changedParameter struct {
	name, here, there string
	in                presence
}

// presence says in which of two records a parameter is.
type presence int

// In this order parameters that differ are listed: what tells the most first.
const (
	inBoth presence = iota // with another value
	inThisOne
	inThatOne
)

// differs reports whether a parameter has one value here and another there.
func (v recordView) differs() bool {
	return slices.ContainsFunc(v.changed, func(p changedParameter) bool { return p.in == inBoth })
}

// changedNames are the parameters that differ by their names, in a sentence; "" for none.
func (v recordView) changedNames() string {
	var parts []string
	for in, words := range []string{"differ in value: ", "only here: ", "only there: "} {
		var names []string
		for _, p := range v.changed {
			if p.in == presence(in) {
				names = append(names, p.name)
			}
		}
		if more := len(names) - namesShown; more > 0 {
			names = append(names[:namesShown], amount(more, "other", "others"))
		}
		if len(names) > 0 {
			parts = append(parts, words+strings.Join(names, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// namesShown is how many names of parameters of one kind a sentence has.
const namesShown = 8

// recordsOf are the other records of the event of a webhook, in the order in which they came.
func (c *Console) recordsOf(ctx context.Context, role Role, hook store.WebhookDetail) ([]recordView, error) {
	list, err := c.store.WebhooksOfEvent(ctx, hook.EventID)
	if err != nil {
		return nil, err
	}
	var records []recordView
	for _, other := range list[:min(len(list), inbox.MaxConflicts+10)] {
		if other.ID == hook.ID {
			continue
		}
		detail, err := c.store.Webhook(ctx, other.ID)
		if err != nil {
			return nil, err
		}
		v := compareRecords(role, hook, detail)
		v.at = c.path("/webhooks/" + url.PathEscape(other.ID))
		records = append(records, v)
	}
	return records, nil
}

// compareRecords says how there differs from here.
func compareRecords(role Role, here, there store.WebhookDetail) recordView {
	v := recordView{Webhook: there.Webhook, gap: gapWords(there.ReceivedAt.Sub(here.ReceivedAt))}
	switch {
	case here.IdempotencyToken == "" && there.IdempotencyToken == "":
		v.token = "none"
	case here.IdempotencyToken == there.IdempotencyToken:
		v.token = "the same: a retry of the same request"
	case here.IdempotencyToken == "":
		v.token = "that one has one, this one has none"
	case there.IdempotencyToken == "":
		v.token = "none, while this one has one"
	default:
		v.token = "another"
	}
	v.target = "the same"
	if here.Target != there.Target {
		v.target = "another"
		if role == Admin {
			v.target += ": " + there.Target
		}
	}
	switch {
	case here.Body == nil || there.Body == nil:
		v.body = "cannot be told: a body was pruned or erased"
		return v
	case bytes.Equal(here.Body, there.Body):
		v.body = "the same bytes"
		return v
	}
	v.body = fmt.Sprintf("%d bytes, against %d; they differ from byte %d on", len(there.Body), len(here.Body), firstDifference(here.Body, there.Body)+1)
	if !isForm(here.ContentType) || !isForm(there.ContentType) {
		return v
	}
	a, b := signature.ParseForm(string(here.Body)), signature.ParseForm(string(there.Body))
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	for name := range names {
		if !slices.Equal(a[name], b[name]) {
			p := changedParameter{name: shownText(role, name), here: valuesFor(role, name, a[name]), there: valuesFor(role, name, b[name])}
			switch {
			case len(b[name]) == 0:
				p.in = inThisOne
			case len(a[name]) == 0:
				p.in = inThatOne
			}
			v.changed = append(v.changed, p)
		}
	}
	slices.SortFunc(v.changed, func(x, y changedParameter) int { return cmp.Or(cmp.Compare(x.in, y.in), cmp.Compare(x.name, y.name)) })
	return v
}

// valuesFor are the values of a parameter, as the role may see them.
func valuesFor(role Role, name string, values []string) string {
	text := ""
	for n, value := range values {
		if n > 0 {
			text += ", "
		}
		if role != Admin && (!plainParameters[name] || !plainValue().MatchString(value)) {
			value = amount(len(value), "byte", "bytes")
		}
		text += value
	}
	if len(values) == 0 {
		return "absent"
	}
	return text
}

func firstDifference(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// gapWords are a time between two deliveries.
func gapWords(gap time.Duration) string {
	if gap < 0 {
		return duration(-gap) + " earlier"
	}
	return duration(gap) + " later"
}
