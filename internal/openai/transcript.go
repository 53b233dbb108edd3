package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// Audio is a file to transcribe, at most 25 MB (OpenAI: Speech to text).
type Audio struct {
	// Name has the extension that tells the format, such as "RE1-1.wav".
	Name string
	// ContentType is the format's media type.
	ContentType string
	// Open gives the file from its start, as often as it is asked; Size is its length in bytes. It is sent while it is
	// read, so that no file is in memory as a whole.
	Open func() io.Reader
	Size int64
	// Language is the ISO 639-1 code of what is spoken, "" to let the model find out.
	Language string
}

// Transcript is what was recognised. Silence is a transcript without segments.
type Transcript struct {
	// Duration of the audio in seconds, 0 when the server did not say.
	Duration float64
	// Segments are in the order of speech. A model that gives no times has one segment, from 0 to
	// Duration.
	Segments []Segment
}

// Segment is a stretch of speech, or what the model took for it. Times are seconds from the start of the file.
type Segment struct {
	Start, End float64
	Text       string
	// NoSpeechProb is how likely the model finds it that nothing was said, 0 to 1; AvgLogprob how sure it is of the words,
	// 0 or less; CompressionRatio how far the words repeat themselves. Whisper tells its own inventions by them. All are 0
	// when the server did not say.
	NoSpeechProb, AvgLogprob, CompressionRatio float64
}

// The forms of a transcript, from the one that has times to the plainest.
var transcriptForms = []string{"verbose_json", "json", "text"}

// Transcribe turns speech into text with times. Models and servers that cannot give times are asked again without
// them, which is remembered; so is, at last, a server that answers 5xx whenever it is asked for them. Audio that the
// server finds too short is silence. Errors are *Error.
func (c *Client) Transcribe(ctx context.Context, audio Audio) (Transcript, error) {
	best := 0
	if textOnly(c.config.TranscribeModel) {
		best = 1
	}
	transcript, err := inForm(&c.transcriptForms, best, len(transcriptForms)-1, func(form int) (Transcript, error) {
		return c.transcribe(ctx, audio, transcriptForms[form])
	})
	if tooShort(err) {
		return Transcript{}, nil
	}
	return transcript, err
}

func (c *Client) transcribe(ctx context.Context, audio Audio, format string) (Transcript, error) {
	const op = "transcribing"
	fields := [][2]string{{"model", c.config.TranscribeModel}, {"response_format", format}}
	if format == transcriptForms[0] {
		fields = append(fields, [2]string{"timestamp_granularities[]", "segment"})
	}
	if audio.Language != "" {
		fields = append(fields, [2]string{"language", audio.Language})
	}
	form, err := newUpload(audio, fields)
	if err != nil {
		return Transcript{}, fmt.Errorf("%s: %w", op, err)
	}
	x := &exchange{}
	var body []byte
	options := append(form.options(), x.option(), option.WithResponseBodyInto(&body))
	if _, err = c.audio.New(ctx, sdk.AudioTranscriptionNewParams{Model: c.config.TranscribeModel}, options...); err != nil {
		return Transcript{}, c.failure(op, x, err)
	}
	if format == "text" && !strings.HasPrefix(x.contentType, "text/html") && !json.Valid(body) {
		body, _ = json.Marshal(map[string]string{"text": string(body)}) // a string marshals always
	}
	var answer *transcription
	if err := json.Unmarshal(body, &answer); err != nil {
		return Transcript{}, c.failure(op, x, fmt.Errorf("reading the answer: %w", err))
	}
	if answer == nil {
		return Transcript{}, &Error{Op: op, Status: x.status, Message: "answer is null"}
	}
	return answer.transcript(), nil
}

// transcription is the answer of a server in any of the JSON forms.
type transcription struct {
	Text     string  `json:"text"`
	Duration measure `json:"duration"`
	Segments []struct {
		Start            measure `json:"start"`
		End              measure `json:"end"`
		Text             string  `json:"text"`
		NoSpeechProb     measure `json:"no_speech_prob"`
		AvgLogprob       measure `json:"avg_logprob"`
		CompressionRatio measure `json:"compression_ratio"`
	} `json:"segments"`
	Words []struct {
		Word  string  `json:"word"`
		Start measure `json:"start"`
		End   measure `json:"end"`
	} `json:"words"`
}

// measure is a number that some servers write as a string.
type measure float64

// UnmarshalJSON takes a number, a string with one, or null.
func (m *measure) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	*m = measure(n)
	return err
}

func (h *transcription) transcript() Transcript {
	t := Transcript{Duration: max(float64(h.Duration), 0)}
	switch text := strings.TrimSpace(h.Text); {
	case len(h.Segments) > 0:
		for _, s := range h.Segments {
			if text := strings.TrimSpace(s.Text); text != "" {
				found := segment(float64(s.Start), float64(s.End), text)
				found.NoSpeechProb, found.AvgLogprob = float64(s.NoSpeechProb), float64(s.AvgLogprob)
				found.CompressionRatio = float64(s.CompressionRatio)
				t.Segments = append(t.Segments, found)
			}
		}
	case len(h.Words) > 0:
		t.Segments = h.phrases()
	case text != "":
		t.Segments = []Segment{{End: t.Duration, Text: text}}
	}
	return t
}

// pause is the silence in seconds that separates two phrases.
const pause = 0.8

// phrases joins words up to the next pause.
func (h *transcription) phrases() []Segment {
	var segments []Segment
	for _, w := range h.Words {
		text, start, end := strings.TrimSpace(w.Word), float64(w.Start), float64(w.End)
		if text == "" {
			continue
		}
		if n := len(segments); n > 0 && start-segments[n-1].End < pause {
			segments[n-1].Text += " " + text
			segments[n-1].End = max(segments[n-1].End, end)
			continue
		}
		segments = append(segments, segment(start, end, text))
	}
	return segments
}

// segment makes times that a transcript can have.
func segment(start, end float64, text string) Segment {
	start = max(start, 0)
	return Segment{Start: start, End: max(end, start), Text: text}
}

// textOnly reports that OpenAI's own documentation says that the model knows no verbose_json.
func textOnly(model string) bool {
	return strings.HasPrefix(model, "gpt-")
}

// tooShort reports that a server found no speech in a file because it is too short, as OpenAI does with less than
// 0.1 s (code audio_too_short).
func tooShort(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity {
		return false
	}
	words := strings.ToLower(strings.ReplaceAll(e.Code+" "+e.Message+" "+e.raw, "_", " "))
	return containsAny(words, []string{"too short", "minimum audio length", "audio is empty", "empty audio", "no audio samples"})
}
