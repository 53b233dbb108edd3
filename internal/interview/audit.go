package interview

import (
	"context"
	"regexp"
)

// AuditEntry is something that an operator did.
type AuditEntry struct {
	// Actor says who did it: the name that a request gave, "api" when it gave none, or "cli:USER" for a command. When it is
	// empty, the actor of the context is kept; see WithActor.
	Actor string
	// Action says what was done, as "call.cancel"; the constants below are those that are known here.
	Action string
	// Subject is the id of what it was done to: a call, a campaign, an event, a run; "" when there were many.
	Subject string
	// Reason is why, in the operator's words; it may be empty.
	Reason string
	// Detail says more. Its values are what package encoding/json takes. It must not have a secret or a phone number.
	Detail map[string]any
}

// The actions of an audit log.
const (
	AuditCreateCampaign = "campaign.create"
	AuditUpdateCampaign = "campaign.update"
	AuditCreateCalls    = "call.create" // the subject is the campaign
	AuditCancelCall     = "call.cancel"
	AuditEraseCall      = "call.erase"
	AuditWithdraw       = "consent.withdraw"
	AuditRetryRun       = "run.retry"
	AuditRetryRuns      = "run.retry-many" // the subject is the bulk job
	AuditReplayWebhook  = "webhook.replay"
	AuditReplayWebhooks = "webhook.replay-many" // the subject is the bulk job
	AuditForceWebhook   = "webhook.force"
	AuditSetHold        = "hold.set"
	AuditLiftHold       = "hold.lifted"
	AuditPrune          = "prune.run"
	AuditBackup         = "backup.made"
	AuditRestore        = "backup.restored"
	AuditReconcile      = "reconcile.run"
	AuditListen         = "recording.listen" // the subject is the call

	AuditCreateContacts = "contact.create" // the subject is the campaign, as of circuit.*
	AuditOpenCircuit    = "circuit.open"
	AuditCloseCircuit   = "circuit.close"

	AuditAddDoNotCall    = "do-not-call.add" // of do-not-call.*, the subject is the entry
	AuditRemoveDoNotCall = "do-not-call.remove"
	AuditImportDoNotCall = "do-not-call.import"  // the subject is ""
	AuditOptOut          = "do-not-call.opt-out" // the subject is the call
	AuditStop            = "stop.begin"          // of stop.*, the subject is the stop
	AuditResume          = "stop.end"
)

// DefaultActor is who did what nobody put a name to.
const DefaultActor = "api"

type actorKey struct{}

// WithActor returns a context in which everything is done by the named actor. An empty name leaves the context as it is.
func WithActor(ctx context.Context, name string) context.Context {
	if name == "" {
		return ctx
	}
	return context.WithValue(ctx, actorKey{}, name)
}

// ActorOf is the actor of a context, DefaultActor when it has none.
func ActorOf(ctx context.Context) string {
	if name, ok := ctx.Value(actorKey{}).(string); ok {
		return name
	}
	return DefaultActor
}

// phoneLike finds what may be a phone number in a text: after a plus sign with signs between the digits, else 7 to 15 digits
// in a row, or three groups of a North American number. Digits within a word, such as an id, are none.
var phoneLike = regexp.MustCompile(`\+\d(?:[ ().\-/]{0,2}\d){6,14}|\b\d{7,15}\b|\(?\b\d{3}\)?[ .\-/]{1,2}\d{3}[ .\-/]\d{4}\b`)

// WithoutPhoneNumbers replaces what may be a phone number in a text by stars.
func WithoutPhoneNumbers(text string) string { return phoneLike.ReplaceAllString(text, "***") }
