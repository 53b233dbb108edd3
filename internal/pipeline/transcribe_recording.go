package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/twilio"
)

// TranscriptStore is what transcribe-recording needs of the database. Every method is one transaction, fenced by the
// run: when another attempt has taken over it changes nothing and returns jobs.ErrLostRun.
type TranscriptStore interface {
	// BeginTranscription guards: consent given, recording known, completed and not transcribed yet. Otherwise it ends
	// the run and says Skip.
	BeginTranscription(ctx context.Context, run interview.Run, callID, recordingSid string) (interview.Transcription, error)
	// SaveWaveform keeps what the recording looks like. It does not end the run. Consent is checked again.
	SaveWaveform(ctx context.Context, run interview.Run, waveform interview.Waveform) error
	// SaveTranscript keeps utterances and transcript, and aside what was dropped, starts extract-claims and ends the run.
	// Consent is checked again.
	SaveTranscript(ctx context.Context, run interview.Run, callID, recordingSid string, utterances []interview.Utterance,
		dropped ...interview.DroppedSegment) error
}

// TranscribeRecording turns one recording into utterances.
//
// A recording of two channels is split and each is transcribed by itself, so that the speakers are known for certain; one of a
// single channel has unknown speakers. The audio goes through a file, never through memory as a whole. What is silent is
// not sent, and what is written down without having been said is no utterance: see dropHallucinations.
type TranscribeRecording struct {
	Store  TranscriptStore
	Twilio *twilio.Client
	Models *openai.Client
	// Now is the clock.
	Now func() time.Time
}

// busyDelay is how long to wait when Twilio has too much to do and does not say for how long.
const busyDelay = 10 * time.Second

// errNoConsent guards the store's promise: no audio of a call without consent is ever fetched.
var errNoConsent = fault.New("call has no consent to be recorded")

// Run is one attempt.
func (f *TranscribeRecording) Run(ctx context.Context, run interview.Run) error {
	var args interview.TranscribeRecordingArgs
	if err := run.Decode(&args); err != nil {
		return jobs.Permanent(err)
	}
	t, err := f.Store.BeginTranscription(ctx, run, args.CallID, args.RecordingSid)
	if err != nil {
		return fmt.Errorf("starting on recording %s: %w", args.RecordingSid, err)
	}
	if t.Skip {
		return nil
	}
	if t.Call.Consent != interview.ConsentGiven {
		return jobs.Permanent(fmt.Errorf("transcribing recording %s: %w", args.RecordingSid, errNoConsent))
	}
	file, err := newTempFile()
	if err != nil {
		return fmt.Errorf("transcribing recording %s: %w", args.RecordingSid, err)
	}
	defer func() { _ = file.Close() }() // there is nothing left to lose in it
	media, err := f.Twilio.DownloadRecording(ctx, args.RecordingURL, t.Recording.Channels, file.File)
	var busy *twilio.Error
	if errors.As(err, &busy) && busy.Throttled() {
		// Being told to wait (429) is no failed attempt.
		return jobs.Wait(f.Now().Add(max(busy.RetryAfter, busyDelay)), "Twilio asks to fetch the recording later")
	}
	if err != nil {
		return fmt.Errorf("transcribing recording %s: %w", args.RecordingSid, permanent(err))
	}
	conversation, err := f.transcribe(ctx, file, media, t, func(w interview.Waveform) error {
		w.CallID, w.RecordingSid = args.CallID, args.RecordingSid
		return f.Store.SaveWaveform(ctx, run, w)
	})
	if err != nil {
		return fmt.Errorf("transcribing recording %s: %w", args.RecordingSid, permanent(err))
	}
	if err := f.Store.SaveTranscript(ctx, run, args.CallID, args.RecordingSid, conversation.utterances(args), conversation.dropped(args)...); err != nil {
		return fmt.Errorf("saving transcript of recording %s: %w", args.RecordingSid, err)
	}
	return nil
}

// permanent marks errors that no retry cures. A recording that is not found may not be ready yet: Twilio announces it
// before every copy of the file exists. One that stays away for longer than a few attempts take is gone.
func permanent(err error) error {
	var media *twilio.Error
	switch {
	case errors.Is(err, twilio.ErrForeignMedia):
		return jobs.Permanent(fault.Named(twilio.ErrForeignMedia))
	case errors.Is(err, twilio.ErrMediaTooLarge):
		return jobs.Permanent(fault.Named(twilio.ErrMediaTooLarge))
	case errors.As(err, &media) && media.Status == http.StatusNotFound:
		return jobs.Unclear(err)
	case fault.Of(err).Class == fault.Permanent:
		return jobs.Permanent(err)
	}
	return err
}
