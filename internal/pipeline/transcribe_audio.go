package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/openai"
	"github.com/i-agent/iagent/internal/twilio"
)

// side is what one side said, or both where they cannot be told apart.
type side struct {
	speaker        interview.Speaker
	channel        int // of a recording of two, from 1
	said           []openai.Segment
	hallucinations []dropped
}

// conversation is everything that was recognised in a recording.
type conversation []side

const (
	// shortestAudio is the least that speech-to-text takes (OpenAI: error audio_too_short). There is no word in less.
	shortestAudio = 100 * time.Millisecond
	// smallestWAV is less than what shortestAudio takes at 8 bits and 8 kHz, in bytes: there is only a head in it.
	smallestWAV = 800
	// longestPiece is how much is sent at once. It is far below what servers take in a file (OpenAI: 25 MB, some models
	// 25 minutes), and short enough to be transcribed within the time that a request has.
	longestPiece = 10 * time.Minute
	// cutWithin is how far from its end a piece may be cut earlier, for the sake of a pause.
	cutWithin = time.Minute
)

// transcribe turns a recording into text. Silence is a conversation without utterances. What the recording looks like is handed
// over before any model is asked.
func (f *TranscribeRecording) transcribe(ctx context.Context, file io.ReaderAt, media twilio.Media, t interview.Transcription,
	draw func(interview.Waveform) error) (conversation, error) {
	waveform := interview.Waveform{Format: string(media.Format), Size: media.Size}
	audio, err := openWAV(file, media.Size)
	switch {
	case errors.Is(err, errWAV) && media.Format == twilio.WAV && media.Size < smallestWAV:
		return nil, nil
	case errors.Is(err, errWAV), err == nil && audio.channels > 2:
		if err := draw(waveform); err != nil {
			return nil, err
		}
		return f.transcribeWhole(ctx, file, media, t)
	case err != nil:
		return nil, fmt.Errorf("reading the recording: %w", err)
	case audio.duration() < shortestAudio:
		return nil, nil
	}
	loud, err := audio.loudness()
	if err != nil {
		return nil, fmt.Errorf("measuring the recording: %w", err)
	}
	waveform.Seconds = audio.duration().Seconds()
	for _, channel := range loud {
		waveform.Peaks = append(waveform.Peaks, channel.peaks)
	}
	if err := draw(waveform); err != nil {
		return nil, err
	}
	sides := make(conversation, audio.channels)
	for n := range sides {
		segments, err := f.transcribeChannel(ctx, audio, n, loud[n], t)
		if err != nil {
			return nil, fmt.Errorf("channel %d: %w", n+1, err)
		}
		sides[n].said, sides[n].hallucinations = dropHallucinations(segments, &loud[n])
		sides[n].speaker = interview.SpeakerUnknown
	}
	if len(sides) == 2 {
		speakers := assignSpeakers([2]string{joined(sides[0].said), joined(sides[1].said)}, t.Said)
		sides[0].speaker, sides[1].speaker = speakers[0], speakers[1]
		sides[0].channel, sides[1].channel = 1, 2
	}
	return sides, nil
}

// transcribeChannel transcribes one channel, piece by piece. A piece that is silent is not sent.
func (f *TranscribeRecording) transcribeChannel(ctx context.Context, audio wav, channel int, loud loudness, t interview.Transcription) ([]openai.Segment, error) {
	var segments []openai.Segment
	for _, p := range audio.pieces(loud) {
		from, to := audio.timeOf(p.from), audio.timeOf(p.to)
		if to-from < shortestAudio || loud.soundBetween(from, to) < shortestSound {
			continue
		}
		size, open := audio.mono(channel, p.from, p.to)
		found, err := f.transcribeFile(ctx, openai.Audio{
			Name:        fmt.Sprintf("%s-%d.wav", t.Recording.Sid, channel+1),
			ContentType: "audio/wav",
			Open:        open, Size: size,
			Language: t.Language,
		}, (to - from).Seconds())
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			s.Start, s.End = s.Start+from.Seconds(), s.End+from.Seconds()
			segments = append(segments, s)
		}
	}
	return segments, nil
}

// transcribeWhole transcribes a recording that cannot be taken apart, or measured.
func (f *TranscribeRecording) transcribeWhole(ctx context.Context, file io.ReaderAt, media twilio.Media, t interview.Transcription) (conversation, error) {
	if media.Size > twilio.MaxUpload {
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
	segments, err := f.transcribeFile(ctx, openai.Audio{
		Name:        t.Recording.Sid + "." + string(media.Format),
		ContentType: contentType,
		Open:        func() io.Reader { return io.NewSectionReader(file, 0, media.Size) },
		Size:        media.Size,
		Language:    t.Language,
	}, duration)
	if err != nil {
		return nil, err
	}
	h := side{speaker: interview.SpeakerUnknown}
	h.said, h.hallucinations = dropHallucinations(segments, nil)
	return conversation{h}, nil
}

// transcribeFile transcribes one file. A model that gives no times gets one segment that lasts from beginning to end.
func (f *TranscribeRecording) transcribeFile(ctx context.Context, audio openai.Audio, duration float64) ([]openai.Segment, error) {
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

// piece is a part of a recording, from one frame to before another.
type piece struct{ from, to int64 }

// pieces cuts a channel into parts that can be sent, in pauses where there are any.
func (w wav) pieces(loud loudness) []piece {
	most := min(int64(longestPiece.Seconds()*float64(w.rate)), (twilio.MaxUpload-1024)/int64(w.sampleSize))
	var pieces []piece
	from := int64(0)
	for w.frames-from > most {
		end := w.timeOf(from + most)
		at := loud.quietest(max(end-cutWithin, w.timeOf(from)+(end-w.timeOf(from))/2), end-window)
		to := min(max(int64(at.Seconds()*float64(w.rate)), from+1), from+most)
		pieces = append(pieces, piece{from, to})
		from = to
	}
	return append(pieces, piece{from, w.frames})
}

func joined(segments []openai.Segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString(s.Text + " ")
	}
	return b.String()
}

// utterances are everything that was said, numbered in the order in which it began.
func (c conversation) utterances(args interview.TranscribeRecordingArgs) []interview.Utterance {
	var out []interview.Utterance
	for _, side := range c {
		for _, s := range side.said {
			out = append(out, side.utterance(s))
		}
	}
	slices.SortStableFunc(out, func(a, b interview.Utterance) int { return cmp.Compare(a.StartSec, b.StartSec) })
	for i := range out {
		out[i].CallID, out[i].RecordingSid, out[i].Position = args.CallID, args.RecordingSid, i
	}
	return out
}

// dropped is everything that was not said, in the same order.
func (c conversation) dropped(args interview.TranscribeRecordingArgs) []interview.DroppedSegment {
	var out []interview.DroppedSegment
	for _, side := range c {
		for _, d := range side.hallucinations {
			out = append(out, interview.DroppedSegment{Utterance: side.utterance(d.Segment), Reason: d.reason, Detail: d.detail})
		}
	}
	slices.SortStableFunc(out, func(a, b interview.DroppedSegment) int { return cmp.Compare(a.StartSec, b.StartSec) })
	for i := range out {
		out[i].CallID, out[i].RecordingSid, out[i].Position = args.CallID, args.RecordingSid, i
	}
	return out
}

func (h side) utterance(s openai.Segment) interview.Utterance {
	text := strings.ReplaceAll(s.Text, "\x00", "") // Postgres takes no NUL in text
	return interview.Utterance{Speaker: h.speaker, Channel: h.channel, Text: text, StartSec: s.Start, EndSec: s.End}
}
