package simulator

import (
	"errors"
	"fmt"
)

// Fault names something that goes wrong on purpose. [FaultDocs] says of each what it means and what a correct application does.
type Fault string

// The faults of when and how often a webhook is delivered, in [Delivery.Fault]. A delivery without one is the original, in its
// place.
const (
	FaultNone      Fault = ""
	FaultDuplicate Fault = "duplicate" // the same request again, right after its original was answered
	FaultTwin      Fault = "twin"      // the same request again while its original is in flight
	FaultEcho      Fault = "echo"      // the same request again later in the call
	FaultReorder   Fault = "reorder"   // held back until later callbacks of the call have been delivered
	FaultDelay     Fault = "delay"     // delivered seconds to minutes after it happened
	FaultDrop      Fault = "drop"      // never arrives; TwiML requests fail to connect at every attempt
)

// The faults of how an original is signed, sent and answered, in [Delivery.Also]: the same delivery can be late, too.
const (
	FaultUnreachable   Fault = "unreachable"    // the first attempt does not connect
	FaultLostResponse  Fault = "lost-response"  // the application answered the first attempt, Twilio did not receive the answer
	FaultSlowReader    Fault = "slow-reader"    // the answer is read in small pieces
	FaultSlowSender    Fault = "slow-sender"    // the body is sent in small pieces
	FaultStaleToken    Fault = "stale-token"    // signed with Config.OldToken
	FaultPortAdded     Fault = "port-added"     // signed with the URL's other port form
	FaultBodyReencoded Fault = "body-reencoded" // the same parameters in another order and percent-encoding
)

// The forgeries: requests that no application should accept. Each is a delivery of its own besides the real one.
const (
	FaultWrongToken   Fault = "wrong-token"    // signed with a token that is not the account's
	FaultTampered     Fault = "tampered"       // changed after it was signed
	FaultHTTPForHTTPS Fault = "http-for-https" // signed for the URL with the other scheme
	FaultQuerySorted  Fault = "query-sorted"   // its query was put in another order after it was signed
	FaultFlood        Fault = "unsigned-flood" // a burst of requests without a signature
)

// The faults of recordings and their files.
const (
	FaultRecordingEarly  Fault = "recording-early"  // its callback comes before the call's completion
	FaultRecordingAbsent Fault = "recording-absent" // there is no file in the end
	FaultRecordingFailed Fault = "recording-failed" // the same, called failed
	FaultMediaLate       Fault = "media-late"       // the file is 404 once or twice after its callback
)

// The faults of the REST API. They are drawn for the n-th request about a call, message, recording or number.
const (
	FaultRESTBusy          Fault = "rest-429"            // refused, not done
	FaultRESTErrorBefore   Fault = "rest-500-before"     // 500, not done
	FaultRESTErrorAfter    Fault = "rest-500-after"      // 500, but done
	FaultRESTTimeoutBefore Fault = "rest-timeout-before" // no answer for Config.Hang, not done
	FaultRESTTimeoutAfter  Fault = "rest-timeout-after"  // no answer for Config.Hang, but done
	FaultRESTCutBefore     Fault = "rest-cut-before"     // the connection breaks, not done
	FaultRESTCutAfter      Fault = "rest-cut-after"      // the connection breaks, but it was done
)

// The faults of what is on a recording, and of the servers below /v1: speech-to-text and language models.
const (
	FaultRecordingSilent Fault = "recording-silent" // nothing of the person is on it
	FaultRecordingEmpty  Fault = "recording-empty"  // its file is a head without samples
	FaultSpeechInvents   Fault = "speech-invents"   // speech-to-text writes words where nobody speaks
	FaultSpeechNoTimes   Fault = "speech-no-times"  // 500 to verbose_json
	FaultModelNoSchema   Fault = "model-no-schema"  // a strict json_schema is refused
	FaultModelThinks     Fault = "model-thinks"     // <think>…</think> before the answer
	FaultModelProse      Fault = "model-prose"      // sentences and a Markdown code fence around the answer
	FaultModelReasoning  Fault = "model-reasoning"  // the answer is in reasoning_content
	FaultModelToolCall   Fault = "model-tool-call"  // the answer is in the arguments of a tool call
	FaultModelParts      Fault = "model-parts"      // the content is a list of parts
)

// The faults of the REST API that look like ordinary answers, and of its credentials.
const (
	FaultRESTNoList         Fault = "rest-no-list"      // a list is answered 200 with something that is no list
	FaultRESTForeignRows    Fault = "rest-foreign-rows" // a list of calls is not filtered, and has a stranger's
	FaultRESTLaggingList    Fault = "rest-lagging-list" // a list of calls lacks those of the last 45 s
	FaultRESTUnauthorized   Fault = "rest-401"          // the credentials are refused, not done
	FaultRESTNoSid          Fault = "rest-no-sid"       // a call is placed and its receipt has no CallSid
	FaultRESTNotFoundBefore Fault = "rest-404-before"   // a proxy answers the creation of a call with 404, not done
	FaultRESTNotFoundAfter  Fault = "rest-404-after"    // a proxy answers the creation of a call with 404, but done
)

// The faults of machine detection, and of recordings that nobody asked for.
const (
	FaultAMDLate         Fault = "amd-late"                 // the verdict's callback comes long after it
	FaultAMDLost         Fault = "amd-lost"                 // the verdict's callback never comes
	FaultRecordingBefore Fault = "recording-before-consent" // recorded from the answer on, and nobody is told
)

// repeats says whether the delivery is a copy of another one.
func (f Fault) repeats() bool {
	return f == FaultDuplicate || f == FaultTwin || f == FaultEcho
}

// loses says whether no attempt of the delivery arrives.
func (f Fault) loses() bool { return f == FaultDrop || f == FaultAMDLost }

// forged says whether a correct application refuses the delivery.
func (f Fault) forged() bool {
	switch f {
	case FaultWrongToken, FaultTampered, FaultHTTPForHTTPS, FaultQuerySorted, FaultFlood:
		return true
	}
	return false
}

// Faults says how often Twilio misbehaves, as rates from 0 (never) to 1 (always). Each callback, recording and REST
// request draws its own faults from [Config.Seed]. With the zero value nothing goes wrong; [ParseProfile] returns sets of
// rates, and [FaultDocs] says more of each fault.
type Faults struct {
	// Duplicate delivers a request twice: same body, same signature, same idempotency token. One third each come
	// right after the original's answer, while the original is in flight, and later in the call.
	Duplicate float64 `json:"duplicate,omitempty" yaml:"duplicate,omitempty"`
	// Reorder holds a callback back until one to three later ones were delivered, or the call or message
	// is over. TwiML requests are never reordered: each is the answer to the one before.
	Reorder float64 `json:"reorder,omitempty" yaml:"reorder,omitempty"`
	// Delay delivers a callback 1 to 90 s of virtual time after it happened.
	Delay float64 `json:"delay,omitempty" yaml:"delay,omitempty"`
	// Drop loses a callback for good. A TwiML request cannot connect, however often its policy retries.
	Drop float64 `json:"drop,omitempty" yaml:"drop,omitempty"`

	Unreachable   float64 `json:"unreachable,omitempty" yaml:"unreachable,omitempty"`
	LostResponse  float64 `json:"lostResponse,omitempty" yaml:"lostResponse,omitempty"`
	SlowReader    float64 `json:"slowReader,omitempty" yaml:"slowReader,omitempty"`
	SlowSender    float64 `json:"slowSender,omitempty" yaml:"slowSender,omitempty"`
	StaleToken    float64 `json:"staleToken,omitempty" yaml:"staleToken,omitempty"` // nothing without Config.OldToken
	PortAdded     float64 `json:"portAdded,omitempty" yaml:"portAdded,omitempty"`
	BodyReencoded float64 `json:"bodyReencoded,omitempty" yaml:"bodyReencoded,omitempty"`

	WrongToken   float64 `json:"wrongToken,omitempty" yaml:"wrongToken,omitempty"`
	Tampered     float64 `json:"tampered,omitempty" yaml:"tampered,omitempty"`
	HTTPForHTTPS float64 `json:"httpForHTTPS,omitempty" yaml:"httpForHTTPS,omitempty"`
	QuerySorted  float64 `json:"querySorted,omitempty" yaml:"querySorted,omitempty"`
	Flood        float64 `json:"unsignedFlood,omitempty" yaml:"unsignedFlood,omitempty"`

	RecordingEarly  float64 `json:"recordingEarly,omitempty" yaml:"recordingEarly,omitempty"`
	RecordingAbsent float64 `json:"recordingAbsent,omitempty" yaml:"recordingAbsent,omitempty"`
	RecordingFailed float64 `json:"recordingFailed,omitempty" yaml:"recordingFailed,omitempty"`
	MediaLate       float64 `json:"mediaLate,omitempty" yaml:"mediaLate,omitempty"`

	RESTBusy          float64 `json:"restBusy,omitempty" yaml:"restBusy,omitempty"`
	RESTErrorBefore   float64 `json:"restErrorBefore,omitempty" yaml:"restErrorBefore,omitempty"`
	RESTErrorAfter    float64 `json:"restErrorAfter,omitempty" yaml:"restErrorAfter,omitempty"`
	RESTTimeoutBefore float64 `json:"restTimeoutBefore,omitempty" yaml:"restTimeoutBefore,omitempty"`
	RESTTimeoutAfter  float64 `json:"restTimeoutAfter,omitempty" yaml:"restTimeoutAfter,omitempty"`
	RESTCutBefore     float64 `json:"restCutBefore,omitempty" yaml:"restCutBefore,omitempty"`
	RESTCutAfter      float64 `json:"restCutAfter,omitempty" yaml:"restCutAfter,omitempty"`

	RecordingSilent float64 `json:"recordingSilent,omitempty" yaml:"recordingSilent,omitempty"`
	RecordingEmpty  float64 `json:"recordingEmpty,omitempty" yaml:"recordingEmpty,omitempty"`
	SpeechInvents   float64 `json:"speechInvents,omitempty" yaml:"speechInvents,omitempty"`
	SpeechNoTimes   float64 `json:"speechNoTimes,omitempty" yaml:"speechNoTimes,omitempty"` // 1: a server that never gives times
	ModelNoSchema   float64 `json:"modelNoSchema,omitempty" yaml:"modelNoSchema,omitempty"` // 1: a server that takes no schema
	ModelThinks     float64 `json:"modelThinks,omitempty" yaml:"modelThinks,omitempty"`
	ModelProse      float64 `json:"modelProse,omitempty" yaml:"modelProse,omitempty"`
	ModelReasoning  float64 `json:"modelReasoning,omitempty" yaml:"modelReasoning,omitempty"`
	ModelToolCall   float64 `json:"modelToolCall,omitempty" yaml:"modelToolCall,omitempty"`
	ModelParts      float64 `json:"modelParts,omitempty" yaml:"modelParts,omitempty"`

	RESTNoList         float64 `json:"restNoList,omitempty" yaml:"restNoList,omitempty"`
	RESTForeignRows    float64 `json:"restForeignRows,omitempty" yaml:"restForeignRows,omitempty"`
	RESTLaggingList    float64 `json:"restLaggingList,omitempty" yaml:"restLaggingList,omitempty"`
	RESTUnauthorized   float64 `json:"restUnauthorized,omitempty" yaml:"restUnauthorized,omitempty"`
	RESTNoSid          float64 `json:"restNoSid,omitempty" yaml:"restNoSid,omitempty"`
	RESTNotFoundBefore float64 `json:"restNotFoundBefore,omitempty" yaml:"restNotFoundBefore,omitempty"`
	RESTNotFoundAfter  float64 `json:"restNotFoundAfter,omitempty" yaml:"restNotFoundAfter,omitempty"`

	AMDLate         float64 `json:"amdLate,omitempty" yaml:"amdLate,omitempty"`
	AMDLost         float64 `json:"amdLost,omitempty" yaml:"amdLost,omitempty"`
	RecordingBefore float64 `json:"recordingBefore,omitempty" yaml:"recordingBefore,omitempty"`
}

// check names every rate that is not between 0 and 1.
func (f Faults) check() error {
	var faults []error
	for _, entry := range catalogue() {
		if rate := *entry.rate(&f); !(rate >= 0 && rate <= 1) { // so that NaN is none either
			faults = append(faults, fmt.Errorf("rate Faults.%s is %v: it must be between 0 and 1", entry.doc.Field, rate))
		}
	}
	return errors.Join(faults...)
}
