package openai

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	sdk "github.com/openai/openai-go/v3"
)

// Audio is a file to transcribe, at most 25 MB (OpenAI: Speech to text).
type Audio struct {
	// Name has the extension that tells the format, such as "RE1-1.wav".
	Name string
	// ContentType is the format's media type.
	ContentType string
	Data        []byte
	// Language is the ISO 639-1 code of what is spoken, "" to let the model find out.
	Language string
}

// Transcript is what was heard. Silence is a transcript without segments.
type Transcript struct {
	// Duration of the audio in seconds, 0 when the server did not say.
	Duration float64
	// Segments are in the order of speech. A model that gives no times has one segment, from 0 to
	// Duration.
	Segments []Segment
}

// Segment is a stretch of speech. Times are seconds from the start of the file.
type Segment struct {
	Start, End float64
	Text       string
}

// Transcribe turns speech into text with times. Models and servers that cannot give times are asked again without
// them. Errors are *Error.
func (c *Client) Transcribe(ctx context.Context, audio Audio) (Transcript, error) {
	if c.plain.Load() || textOnly(c.config.TranscribeModel) {
		return c.transcribe(ctx, audio, sdk.AudioResponseFormatJSON)
	}
	transcript, err := c.transcribe(ctx, audio, sdk.AudioResponseFormatVerboseJSON)
	var e *Error
	if errors.As(err, &e) && e.refusesFormat() {
		transcript, err = c.transcribe(ctx, audio, sdk.AudioResponseFormatJSON)
		if err == nil {
			c.plain.Store(true)
		}
	}
	return transcript, err
}

func (c *Client) transcribe(ctx context.Context, audio Audio, format sdk.AudioResponseFormat) (Transcript, error) {
	params := sdk.AudioTranscriptionNewParams{
		File:           sdk.File(bytes.NewReader(audio.Data), audio.Name, audio.ContentType),
		Model:          c.config.TranscribeModel,
		ResponseFormat: format,
	}
	if format == sdk.AudioResponseFormatVerboseJSON {
		params.TimestampGranularities = []string{"segment"}
	}
	if audio.Language != "" {
		params.Language = sdk.String(audio.Language)
	}
	x := &exchange{}
	answer, err := c.audio.New(ctx, params, x.option())
	if err != nil {
		return Transcript{}, c.failure("transcribing", x, err)
	}
	if answer == nil {
		return Transcript{}, &Error{Op: "transcribing", Status: x.status, Message: "answer is null"}
	}
	transcript := Transcript{Duration: max(answer.Duration, 0)}
	text := strings.TrimSpace(answer.Text)
	switch {
	case len(answer.Segments) > 0:
		transcript.Segments = segments(answer.Segments)
	case len(answer.Words) > 0:
		transcript.Segments = phrases(answer.Words)
	case text != "":
		transcript.Segments = []Segment{{End: transcript.Duration, Text: text}}
	}
	return transcript, nil
}

// segments drops what the model itself takes for silence: on a quiet channel it invents a polite sentence.
func segments(answer []sdk.TranscriptionSegment) []Segment {
	var heard []Segment
	for _, s := range answer {
		text := strings.TrimSpace(s.Text)
		if text == "" || (s.NoSpeechProb > 0.6 && s.AvgLogprob < -1) {
			continue
		}
		heard = append(heard, segment(s.Start, s.End, text))
	}
	return heard
}

// pause is the silence in seconds that separates two phrases.
const pause = 0.8

// phrases joins words up to the next pause.
func phrases(words []sdk.TranscriptionWord) []Segment {
	var heard []Segment
	for _, w := range words {
		text := strings.TrimSpace(w.Word)
		if text == "" {
			continue
		}
		if n := len(heard); n > 0 && w.Start-heard[n-1].End < pause {
			heard[n-1].Text += " " + text
			heard[n-1].End = max(heard[n-1].End, w.End)
			continue
		}
		heard = append(heard, segment(w.Start, w.End, text))
	}
	return heard
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

// refusesFormat reports that the server disliked the form of the answer that we asked for, not the audio.
func (e *Error) refusesFormat() bool {
	if e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity {
		return false
	}
	words := e.Param + " " + e.Message + " " + e.raw
	for _, hint := range []string{"response_format", "verbose_json", "timestamp_granularit"} {
		if strings.Contains(words, hint) {
			return true
		}
	}
	return false
}
