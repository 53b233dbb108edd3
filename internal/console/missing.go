package console

import (
	"net/url"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

// missing says why something of a call is not there.
type missing struct {
	text string
	// run is the address of the run that failed for good, "" where none did.
	run string
}

// runOf is the newest run of a function for a recording, nil where none is kept.
func (v speechView) runOf(function interview.Function, recordingSid string) *store.LedgerRun {
	for n, run := range v.runs { // the newest first
		if run.Function == function && strings.HasSuffix(run.Key, ":"+recordingSid) {
			return &v.runs[n]
		}
	}
	return nil
}

// dead is the run of a function for a recording that failed for good, in words, with its address; nil where none did.
func (v speechView) dead(function interview.Function, recordingSid string) *missing {
	run := v.runOf(function, recordingSid)
	if run == nil || run.State != interview.RunFailed {
		return nil
	}
	return &missing{string(function) + " failed for good: " + v.words(orDash(run.LastError)) + ".", v.path("/runs/" + url.PathEscape(run.ID))}
}

// transcriptMissing says why there is no transcript.
func (v speechView) transcriptMissing() missing {
	d := v.detail
	switch {
	case d.Call.ErasedAt != nil:
		return missing{text: "Erased on request."}
	case d.Call.Consent != interview.ConsentGiven && len(d.Recordings) > 0:
		return missing{text: "None: there is no consent, and a recording without it is never transcribed."}
	case d.Call.Consent != interview.ConsentGiven:
		return missing{text: "There is no consent. " + nothingRecorded(d.Call)}
	case len(d.Recordings) == 0:
		return missing{text: "No recording has come yet."}
	}
	for _, r := range d.Recordings {
		switch r.Status {
		case interview.RecordingCompleted:
			if dead := v.dead(interview.TranscribeRecording, r.Sid); dead != nil {
				return missing{"None: " + dead.text, dead.run}
			}
			if r.TranscribedAt != nil {
				return missing{text: "None: no words that somebody said were found on the recording."}
			}
			return missing{text: "The recording is being transcribed."}
		case interview.RecordingAbsent:
			return missing{text: "Twilio recorded nothing."}
		case interview.RecordingDeleted:
			return missing{text: "The recording was deleted."}
		}
	}
	return missing{text: "The recording is not complete."}
}

// claimsMissing says why there are no claims.
func (v speechView) claimsMissing() missing {
	d := v.detail
	switch {
	case d.Call.ErasedAt != nil:
		return missing{text: "Erased on request."}
	case d.Call.Consent != interview.ConsentGiven:
		return missing{text: "None: there is no consent."}
	}
	read := false
	for _, r := range d.Recordings {
		for _, function := range []interview.Function{interview.TranscribeRecording, interview.ExtractClaims} {
			if dead := v.dead(function, r.Sid); dead != nil {
				return missing{"None: " + dead.text, dead.run}
			}
		}
		if run := v.runOf(interview.ExtractClaims, r.Sid); run != nil && run.State != interview.RunDone {
			return missing{text: "None yet: the transcript is still to be read by the model."}
		}
		read = read || r.TranscribedAt != nil
	}
	if read {
		return missing{text: "None: nothing was said that bears on a hypothesis, or the campaign has none."}
	}
	return missing{text: "None yet: claims are made of the transcript of a recording."}
}
