package inbox

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/i-agent/iagent/signature"
)

// Kind names the webhook that an event came from. Unless [Config].Kind says otherwise it is the last path segment of the
// webhook's URL.
type Kind string

// The webhooks that [ID] has a rule for. Programs may use kinds of their own, with an Identify of their own.
//
// A call has one KindVoice event. A <Redirect> back to the voice URL is not a second one: it would be answered as the first
// was. Redirect to a gather URL with an attempt instead.
//
// A message has one KindMessage event for each value of attempt, so a <Redirect> in the answer to a message needs
// "?attempt=2" in its URL; without it, the redirect would be answered as the message was.
//
// A call has one KindGather event for each value of the query parameter attempt. Where a call has several, as in a menu of
// two steps or a question that is asked again, give each <Gather> an action URL of its own: "/gather" for the first,
// "/gather?attempt=2" for the second, and so on. All at "/gather" would be the same event, so that the second step would not
// take effect and would be answered as the first was.
const (
	KindVoice         Kind = "voice"          // request for TwiML at the start of a call
	KindGather        Kind = "gather"         // action of a <Gather>; see attempt above
	KindStatus        Kind = "status"         // call status callback
	KindRecording     Kind = "recording"      // recording status callback
	KindMessage       Kind = "message"        // incoming SMS, MMS or WhatsApp message
	KindMessageStatus Kind = "message-status" // status callback of an outgoing message
	KindVerify        Kind = "verify"         // Verify Push webhook
	KindStudio        Kind = "studio"         // Make HTTP Request widget of a Studio flow
	KindConversation  Kind = "conversation"   // post-action webhook of Conversations
)

// Source says how an event arrived.
type Source string

// The sources.
const (
	SourceWebhook    Source = "webhook"    // Twilio delivered it
	SourceReplay     Source = "replay"     // an operator delivered it again
	SourceReconciled Source = "reconciled" // it was rebuilt from Twilio's REST API
)

// Event is one verified webhook. It is immutable once it was handed to a [Processor].
type Event struct {
	// ID is the deduplication key: two deliveries with the same ID are the same event. See [ID].
	ID string
	// Kind is the callback's name.
	Kind Kind
	// Source is SourceWebhook unless somebody says otherwise.
	Source Source
	// AccountSid and CallSid are the parameters of these names, as sent and signed.
	AccountSid, CallSid string
	// Match says how the signature was verified: the account whose token signed, which of its tokens, and which form of
	// the URL. It is zero for an event that did not come as a webhook.
	Match signature.Match
	// Subject is the application's own key for what the event is about, such as the callId of the query. Only
	// [Config].Identify sets it.
	Subject string
	// Target is the request target as received: path and raw query, never a host.
	Target string
	// ContentType is the request's, as received. It is empty for a GET.
	ContentType string
	// Body is the raw body, byte for byte. It is empty for a GET.
	Body []byte
	// Form holds Twilio's parameters, decoded: those of the body of a POST, those of the query of a GET. All of them are
	// covered by the signature.
	Form url.Values
	// Query holds the parameters of the request target, decoded. For a GET it is the same as Form, since Twilio adds its
	// parameters to the query of the configured URL.
	Query url.Values
	// IdempotencyToken is the I-Twilio-Idempotency-Token header: evidence only, the signature does not cover it.
	IdempotencyToken string
	// ReceivedAt is when the request arrived, UTC.
	ReceivedAt time.Time
}

// PayloadHash is the SHA-256 of the event's raw query and raw body. Two deliveries with the same ID and different payload
// hashes are a conflict. The path is not part of it, since one webhook may be served under two; nor are the headers,
// which the signature does not cover.
func (e *Event) PayloadHash() [sha256.Size]byte {
	_, query, _ := strings.Cut(e.Target, "?")
	h := sha256.New()
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(query)))
	h.Write(size[:]) // so that no byte can move from one to the other
	h.Write([]byte(query))
	h.Write(e.Body)
	return [sha256.Size]byte(h.Sum(nil))
}

// Reply is the answer to a webhook. Duplicates of the webhook get the same answer.
type Reply struct {
	// Status is the HTTP status code, 200 to 499; 0 counts as 200.
	Status int
	// ContentType is the media type of Body.
	ContentType string
	// Body is sent as it is.
	Body []byte
}

// Check returns an error if the status is not one that may be stored. A Processor calls it before it commits: a reply
// that asks for another delivery (5xx) would be given to every duplicate, so the handling must return an error instead.
func (r Reply) Check() error {
	if r.Status != 0 && (r.Status < 200 || r.Status > 499) {
		return fmt.Errorf("reply with status %d: return an error instead, so that nothing is committed", r.Status)
	}
	return nil
}
