package store

import (
	"errors"
	"testing"
	"time"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/signature"
)

// By what a webhook was verified is kept with it, whatever became of it. What an operator sends again, or Twilio's REST API told, was
// verified by nothing.
func TestEventKeepsByWhichTokenAndURLItWasVerified(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url, Options{SigningToken: func(e *inbox.Event) string { return []string{"primary", "secondary"}[e.Match.Token] }})
		calls := seed(t, s, 1)
		p := NewProcessor(s, func(call interview.Call, e *inbox.Event) (interview.Change, inbox.Reply, error) {
			if e.Kind == "amd" {
				return interview.Change{}, inbox.Reply{}, errors.New("broken")
			}
			return interview.Change{Call: call}, inbox.Reply{Status: 200}, nil
		})
		for _, test := range []struct {
			kind    inbox.Kind
			source  inbox.Source
			subject string
			match   signature.Match
			by, url string
		}{
			{inbox.KindVoice, inbox.SourceWebhook, calls[0], signature.Match{}, "primary", ""},
			{inbox.KindStatus, inbox.SourceWebhook, calls[0], signature.Match{Token: 1, Variant: signature.NoPort}, "secondary", "no port"},
			{"amd", inbox.SourceWebhook, calls[0], signature.Match{Token: 1}, "secondary", ""},
			{inbox.KindRecording, inbox.SourceWebhook, "nobody's", signature.Match{}, "primary", ""},
			{"consent", inbox.SourceReconciled, calls[0], signature.Match{}, "", ""},
			{"answer", inbox.SourceReplay, calls[0], signature.Match{}, "", ""},
		} {
			_, _ = p.Process(t.Context(), &inbox.Event{ID: "CA1:" + string(test.kind), Kind: test.kind, Source: test.source, Subject: test.subject,
				CallSid: "CA1", Match: test.match, ReceivedAt: time.Now()})
			found, err := s.Webhooks(t.Context(), WebhookFilter{Kind: test.kind}, Page{Limit: 2})
			if err != nil || len(found.Items) != 1 {
				t.Fatalf("%s: %+v, %v", test.kind, found.Items, err)
			}
			detail, err := s.Webhook(t.Context(), found.Items[0].ID)
			if err != nil || detail.VerifiedBy != test.by || detail.VerifiedURL != test.url {
				t.Errorf("%s of %s: by %q, URL %q, %v", test.kind, test.source, detail.VerifiedBy, detail.VerifiedURL, err)
			}
		}
	})
}

// What the reconciler fetched of an event that is there was delivered by nobody.
func TestFetchedEventIsNoFurtherDelivery(t *testing.T) {
	storetest.Each(t, func(t *testing.T, url string) {
		s := open(t, url, Options{})
		calls := seed(t, s, 1)
		p := NewProcessor(s, func(call interview.Call, _ *inbox.Event) (interview.Change, inbox.Reply, error) {
			return interview.Change{Call: call}, inbox.Reply{Status: 200}, nil
		})
		for i, source := range []inbox.Source{inbox.SourceWebhook, inbox.SourceReconciled, inbox.SourceWebhook, inbox.SourceReconciled} {
			result, err := p.Process(t.Context(), &inbox.Event{ID: "CA1:status:completed", Kind: inbox.KindStatus, Source: source, Subject: calls[0],
				CallSid: "CA1", ReceivedAt: time.Now()})
			if err != nil || (result.Outcome == inbox.Accepted) != (i == 0) {
				t.Fatalf("%d: %+v, %v", i, result, err)
			}
		}
		found, err := s.Webhooks(t.Context(), WebhookFilter{}, Page{Limit: 2})
		if err != nil || len(found.Items) != 1 || found.Items[0].Duplicates != 1 {
			t.Errorf("%+v, %v", found.Items, err)
		}
	})
}
