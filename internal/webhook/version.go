package webhook

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/i-agent/iagent/inbox"
	"github.com/i-agent/iagent/internal/interview"
)

// Decision decides on an event of one kind: the changed call, jobs, and the reply. It is pure: it sees no database, clock or
// network, and it never writes to the call, the event, or anything that they point to.
//
// The decisions of all kinds together are one, too, see [Webhooks.Decide]. Whoever takes it without importing this package, as the store
// below it, takes a function of this form.
type Decision func(call interview.Call, event *inbox.Event) (interview.Change, inbox.Reply, error)

// Version is one version of the webhooks: a table of decisions, one for each kind.
//
// What holds for every version is not in the table: how events are identified, to which call and account they belong, and that
// each takes effect once. See docs/versions.md for how a second version is rolled out.
type Version struct {
	// Name is part of the URLs, see [interview.WebhookPath].
	Name interview.Version
	// Decisions are by kind. A kind that only another version has is refused for calls of this one.
	Decisions map[inbox.Kind]Decision
	// WithoutScript are the kinds whose decisions do not need the call's Script, so that it need not be loaded for them.
	WithoutScript []inbox.Kind
}

// v1 holds the decisions of [V1].
type v1 struct {
	urls interview.CallbackURLs
}

// V1 is the first version. The URLs are given to Twilio for the answers that are still to come, each in the version of its call.
func V1(urls interview.CallbackURLs) Version {
	d := v1{urls}
	return Version{
		Name: interview.V1,
		Decisions: map[inbox.Kind]Decision{
			inbox.KindVoice:     d.voice,
			KindConsent:         d.consent,
			inbox.KindStatus:    decideStatus,
			inbox.KindRecording: decideRecording,
			KindAMD:             decideAMD,
			KindAnswer:          d.answer,
			KindMenu:            d.menu,
		},
		WithoutScript: []inbox.Kind{inbox.KindStatus, inbox.KindRecording, KindAMD},
	}
}

// Kinds are the kinds that any of the versions decides, sorted.
func Kinds(versions []Version) []inbox.Kind {
	all := map[inbox.Kind]bool{}
	for _, v := range versions {
		for kind := range v.Decisions {
			all[kind] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// WithoutScript are the kinds that none of the versions needs the call's Script for.
func WithoutScript(versions []Version) []inbox.Kind {
	return slices.DeleteFunc(Kinds(versions), func(kind inbox.Kind) bool {
		return slices.ContainsFunc(versions, func(v Version) bool {
			return v.Decisions[kind] != nil && !slices.Contains(v.WithoutScript, kind)
		})
	})
}

// decision is what a version decides with on a kind of event. The error is a fault of ours when the program does not have the
// version: the event is kept as failed, and can be replayed by a program that has it.
func (w *Webhooks) decision(version interview.Version, kind inbox.Kind) (Decision, error) {
	i := slices.IndexFunc(w.versions, func(v Version) bool { return v.Name == version.Decides() })
	if i < 0 {
		return nil, fmt.Errorf("deciding %s event: the call was dialled with version %s of the webhooks, which this program does not have", kind, version.Decides())
	}
	if d := w.versions[i].Decisions[kind]; d != nil {
		return d, nil
	}
	if slices.Contains(Kinds(w.versions), kind) {
		return nil, inbox.Refuse(http.StatusConflict, ReasonCallMismatch)
	}
	return nil, fmt.Errorf("deciding %s event: unknown kind", kind)
}
