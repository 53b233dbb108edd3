package inbox

import (
	"net/url"
	"time"
)

// Kind names the Twilio callback that an event came from. It is the last path segment of the webhook's URL.
type Kind string

// The callbacks of a phone interview. Programs may use kinds of their own.
const (
	KindVoice     Kind = "voice"     // TwiML fetch at the start of a call
	KindConsent   Kind = "consent"   // Gather action that carries the answer to the consent question
	KindStatus    Kind = "status"    // call status callback
	KindRecording Kind = "recording" // recording status callback
)

// Source says how an event reached us.
type Source string

// An event is delivered by Twilio, delivered again by an operator, or rebuilt from Twilio's REST API.
const (
	SourceWebhook    Source = "webhook"
	SourceReplay     Source = "replay"
	SourceReconciled Source = "reconciled"
)

// Event is one verified webhook. It is immutable once it was handed to a [Processor].
type Event struct {
	// ID is the deduplication key: two deliveries with the same ID are the same event. See [ID].
	ID string
	// Kind is the callback's name.
	Kind Kind
	// Source is SourceWebhook unless somebody says otherwise.
	Source Source
	// AccountSid and CallSid are Twilio's, as sent and signed.
	AccountSid, CallSid string
	// Subject is the application's own key for what the event is about, such as the callId of the query. Only
	// [Config].Identify sets it.
	Subject string
	// Target is the request target as received: path and raw query, never a host.
	Target string
	// ContentType is the request's, as received.
	ContentType string
	// Body is the raw body, byte for byte.
	Body []byte
	// Form holds the parameters of the body, decoded.
	Form url.Values
	// Query holds the parameters of the request target, decoded.
	Query url.Values
	// IdempotencyToken is the I-Twilio-Idempotency-Token header: evidence only, the signature does not cover it.
	IdempotencyToken string
	// ReceivedAt is when the request arrived, UTC.
	ReceivedAt time.Time
}

// Reply is what a webhook is answered, and what its duplicates are answered again.
type Reply struct {
	// Status is the HTTP status code; 0 counts as 200.
	Status int
	// ContentType is the media type of Body.
	ContentType string
	// Body is sent as it is.
	Body []byte
}
