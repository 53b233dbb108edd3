package interview

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Function names one step of the pipeline.
type Function string

// The functions of the pipeline.
const (
	OrchestrateCall     Function = "orchestrate-call"
	TranscribeRecording Function = "transcribe-recording"
	ExtractClaims       Function = "extract-claims"
	ValidateClaim       Function = "validate-claim"
	DeleteRecording     Function = "delete-recording"
	EndCall             Function = "end-call"
	CancelCall          Function = "cancel-call"
)

// Functions lists the functions of the pipeline.
func Functions() []Function {
	return []Function{OrchestrateCall, TranscribeRecording, ExtractClaims, ValidateClaim, DeleteRecording, EndCall, CancelCall}
}

// Job asks for one run of a function. A second job with the same Function and Key starts nothing.
type Job struct {
	Function Function
	// Key is the idempotency key, unique for the function for ever.
	Key string
	// Args is the function's argument, one of the types below.
	Args any
	// NotBefore delays the first attempt; zero means at once.
	NotBefore time.Time
}

// OrchestrateCallArgs is the argument of orchestrate-call.
type OrchestrateCallArgs struct {
	CallID string `json:"callId"`
}

// TranscribeRecordingArgs is the argument of transcribe-recording.
type TranscribeRecordingArgs struct {
	CallID       string `json:"callId"`
	RecordingSid string `json:"recordingSid"`
	// RecordingURL is Twilio's, with the .mp3 extension appended.
	RecordingURL string `json:"recordingUrl"`
}

// ExtractClaimsArgs is the argument of extract-claims.
type ExtractClaimsArgs struct {
	CallID       string `json:"callId"`
	RecordingSid string `json:"recordingSid"`
}

// ValidateClaimArgs is the argument of validate-claim.
type ValidateClaimArgs struct {
	HypothesisID string `json:"hypothesisId"`
}

// DeleteRecordingArgs is the argument of delete-recording.
type DeleteRecordingArgs struct {
	CallID       string `json:"callId"`
	RecordingSid string `json:"recordingSid"`
}

// EndCallArgs is the argument of end-call.
type EndCallArgs struct {
	CallID string `json:"callId"`
}

// CancelCallArgs is the argument of cancel-call.
type CancelCallArgs struct {
	CallID string `json:"callId"`
}

// NewOrchestrateCall is the job that dials a call, not before the given time (zero: at once).
func NewOrchestrateCall(callID string, notBefore time.Time) Job {
	return Job{Function: OrchestrateCall, Key: callID, Args: OrchestrateCallArgs{CallID: callID}, NotBefore: notBefore}
}

// NewRedial is the job that dials a call again after it was proven that the dial before created nothing; n counts these.
func NewRedial(callID string, n int) Job {
	return Job{Function: OrchestrateCall, Key: callID + ":redial:" + strconv.Itoa(n), Args: OrchestrateCallArgs{CallID: callID}}
}

// NewTranscribeRecording is the job that transcribes a completed recording. url is the RecordingUrl as Twilio sent it.
func NewTranscribeRecording(callID, recordingSid, url string) Job {
	return Job{
		Function: TranscribeRecording,
		Key:      callID + ":" + recordingSid,
		Args:     TranscribeRecordingArgs{CallID: callID, RecordingSid: recordingSid, RecordingURL: url + ".mp3"},
	}
}

// NewExtractClaims is the job that mines one recording's transcript for claims.
func NewExtractClaims(callID, recordingSid string) Job {
	return Job{
		Function: ExtractClaims,
		Key:      callID + ":" + recordingSid,
		Args:     ExtractClaimsArgs{CallID: callID, RecordingSid: recordingSid},
	}
}

// NewDeleteRecording is the job that deletes a recording at Twilio.
func NewDeleteRecording(callID, recordingSid string) Job {
	return Job{
		Function: DeleteRecording,
		Key:      callID + ":" + recordingSid,
		Args:     DeleteRecordingArgs{CallID: callID, RecordingSid: recordingSid},
	}
}

// NewEndCall is the job that says goodbye on a call that a machine answered, and hangs up.
func NewEndCall(callID string) Job {
	return Job{Function: EndCall, Key: callID, Args: EndCallArgs{CallID: callID}}
}

// NewCancelCall is the job that ends a call on request, in whatever state it is.
func NewCancelCall(callID string) Job {
	return Job{Function: CancelCall, Key: callID, Args: CancelCallArgs{CallID: callID}}
}

// NewValidateClaim is the job that judges a revision of a hypothesis' evidence, and what is added before it begins, not before the
// given time. The revision counts the changes of the evidence, so the same evidence is never judged twice.
func NewValidateClaim(hypothesisID string, revision int, notBefore time.Time) Job {
	return Job{
		Function:  ValidateClaim,
		Key:       hypothesisID + ":" + strconv.Itoa(revision),
		Args:      ValidateClaimArgs{HypothesisID: hypothesisID},
		NotBefore: notBefore,
	}
}

// RunState is where a run of a function stands in the ledger.
type RunState string

// A run waits for its next attempt, runs, or ended. A failed run is dead until somebody retries it.
const (
	RunWaiting RunState = "waiting"
	RunRunning RunState = "running"
	RunDone    RunState = "done"
	RunFailed  RunState = "failed"
)

// Run is one attempt at a job. ID and Attempt together are its fence: a transaction that ends a run commits only while
// that attempt is the running one, so an attempt that was given up for dead cannot take effect beside its successor.
type Run struct {
	ID       string
	Function Function
	Key      string
	// Attempt counts from 1, over all retries.
	Attempt int
	// AttemptsAllowed is the attempt at which the run is given up.
	AttemptsAllowed int
	// FailingSince is when the first of the last attempts in a row failed for a service that is away, nil when none did.
	FailingSince *time.Time
	Args         json.RawMessage
	// CausedBy is the call whose run asked for this one, which is about no single call; "" for others.
	CausedBy string
}

// Call is the id of the call that the run is about, or that caused it; "" where there is none.
func (r Run) Call() string {
	var args struct {
		CallID string `json:"callId"`
	}
	_ = r.Decode(&args) // arguments of another form are about no single call
	if args.CallID == "" {
		return r.CausedBy
	}
	return args.CallID
}

// Decode reads the run's arguments into args, a pointer to one of the Args types.
func (r Run) Decode(args any) error {
	if err := json.Unmarshal(r.Args, args); err != nil {
		return fmt.Errorf("arguments of %s: %w", r.Function, err)
	}
	return nil
}
