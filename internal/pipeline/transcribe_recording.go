package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

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
	// SaveTranscript keeps utterances and transcript, starts extract-claims and ends the run. Consent is checked again.
	SaveTranscript(ctx context.Context, run interview.Run, callID, recordingSid string, utterances []interview.Utterance) error
}

// TranscribeRecording turns one recording into utterances.
//
// A recording of two channels is split and each is heard by itself, so that the speakers are known for certain; one of a
// single channel has unknown speakers.
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
var errNoConsent = errors.New("call has no consent to be recorded")

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
	media, err := f.Twilio.DownloadRecording(ctx, args.RecordingURL, t.Recording.Channels)
	var busy *twilio.Error
	if errors.As(err, &busy) && busy.Throttled() {
		// Being asked for patience is no failed attempt.
		return jobs.Wait(f.Now().Add(max(busy.RetryAfter, busyDelay)), "Twilio asks to fetch the recording later")
	}
	if err != nil {
		return fmt.Errorf("transcribing recording %s: %w", args.RecordingSid, curable(err))
	}
	utterances, err := f.hear(ctx, media, t, args)
	if err != nil {
		return fmt.Errorf("transcribing recording %s: %w", args.RecordingSid, curable(err))
	}
	if err := f.Store.SaveTranscript(ctx, run, args.CallID, args.RecordingSid, utterances); err != nil {
		return fmt.Errorf("saving transcript of recording %s: %w", args.RecordingSid, err)
	}
	return nil
}

// hear returns everything that was said, in the order in which it began. Silence is no utterances.
func (f *TranscribeRecording) hear(ctx context.Context, media twilio.Media, t interview.Transcription,
	args interview.TranscribeRecordingArgs) ([]interview.Utterance, error) {
	audio, err := parseWAV(media.Data)
	if err != nil || audio.channels != 2 {
		return f.hearMono(ctx, media, t, args)
	}
	var heard [2][]openai.Segment
	var text [2]string
	for n := range heard {
		heard[n], err = f.listen(ctx, openai.Audio{
			Name:        fmt.Sprintf("%s-%d.wav", args.RecordingSid, n+1),
			ContentType: "audio/wav",
			Data:        audio.channel(n),
			Language:    t.Language,
		}, audio.duration().Seconds())
		if err != nil {
			return nil, fmt.Errorf("channel %d: %w", n+1, err)
		}
		text[n] = joined(heard[n])
	}
	speakers := assignSpeakers(text, t.Said)
	var utterances []interview.Utterance
	for n := range heard {
		utterances = append(utterances, spoken(heard[n], speakers[n])...)
	}
	return inOrder(utterances, args), nil
}

// hearMono listens to a recording that cannot be taken apart.
func (f *TranscribeRecording) hearMono(ctx context.Context, media twilio.Media, t interview.Transcription,
	args interview.TranscribeRecordingArgs) ([]interview.Utterance, error) {
	if len(media.Data) > twilio.MaxUpload {
		return nil, twilio.ErrMediaTooLarge
	}
	contentType := "audio/mpeg"
	if media.Format == twilio.WAV {
		contentType = "audio/wav"
	}
	var duration float64
	if t.Recording.Duration != nil {
		duration = float64(*t.Recording.Duration)
	}
	segments, err := f.listen(ctx, openai.Audio{
		Name:        args.RecordingSid + "." + string(media.Format),
		ContentType: contentType,
		Data:        media.Data,
		Language:    t.Language,
	}, duration)
	if err != nil {
		return nil, err
	}
	return inOrder(spoken(segments, interview.SpeakerUnknown), args), nil
}

// listen transcribes one file. A model that gives no times is taken to have heard one thing from beginning to end.
func (f *TranscribeRecording) listen(ctx context.Context, audio openai.Audio, duration float64) ([]openai.Segment, error) {
	transcript, err := f.Models.Transcribe(ctx, audio)
	if err != nil {
		return nil, err
	}
	segments := transcript.Segments
	if len(segments) == 1 && segments[0].Start == 0 && segments[0].End == 0 {
		segments[0].End = duration
	}
	return segments, nil
}

func joined(segments []openai.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString(s.Text + " ")
	}
	return b.String()
}

func spoken(segments []openai.Segment, speaker interview.Speaker) []interview.Utterance {
	utterances := make([]interview.Utterance, 0, len(segments))
	for _, s := range segments {
		text := strings.ReplaceAll(s.Text, "\x00", "") // Postgres takes no NUL in text
		utterances = append(utterances, interview.Utterance{Speaker: speaker, Text: text, StartSec: s.Start, EndSec: s.End})
	}
	return utterances
}

// inOrder sorts utterances by when they began and numbers them.
func inOrder(utterances []interview.Utterance, args interview.TranscribeRecordingArgs) []interview.Utterance {
	slices.SortStableFunc(utterances, func(a, b interview.Utterance) int { return cmp.Compare(a.StartSec, b.StartSec) })
	for i := range utterances {
		utterances[i].CallID, utterances[i].RecordingSid, utterances[i].Position = args.CallID, args.RecordingSid, i
	}
	return utterances
}

// curable marks errors that no repetition cures. A recording that is not found may not be ready yet: Twilio announces it
// before every copy of the file exists.
func curable(err error) error {
	var media *twilio.Error
	var model *openai.Error
	switch {
	case errors.As(err, &media):
		if media.Temporary() || media.Status == http.StatusNotFound {
			return err
		}
		return jobs.Permanent(err)
	case errors.As(err, &model):
		if model.Temporary() {
			return err
		}
		return jobs.Permanent(err)
	case errors.Is(err, twilio.ErrForeignMedia), errors.Is(err, twilio.ErrMediaTooLarge):
		return jobs.Permanent(err)
	}
	return err
}
