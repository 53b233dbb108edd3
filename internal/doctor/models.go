package doctor

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/openai"
)

// modelWithin bounds a request to a model: one that was not used for a while may have to be loaded.
const modelWithin = time.Minute

func (d *doctor) modelChecks() []check {
	var c openai.Config
	if d.Models != nil {
		c = *d.Models
	}
	at := " at " + bareURL(cmp.Or(c.BaseURL, openai.DefaultBaseURL))
	needs := []string{"OPENAI_BASE_URL"}
	return []check{
		{name: "models.transcribe", lookedAt: cmp.Or(c.TranscribeModel, openai.DefaultTranscribeModel) + at, needs: needs, within: modelWithin,
			run: d.asking("TRANSCRIBE_MODEL", func(ctx context.Context, models *openai.Client) error {
				wav := second()
				_, err := models.Transcribe(ctx, openai.Audio{Name: "second.wav", ContentType: "audio/wav",
					Open: func() io.Reader { return bytes.NewReader(wav) }, Size: int64(len(wav))})
				return err
			})},
		{name: "models.extract", lookedAt: cmp.Or(c.ExtractModel, openai.DefaultExtractModel) + at, needs: needs, within: modelWithin,
			run: d.asking("EXTRACT_MODEL", func(ctx context.Context, models *openai.Client) error {
				_, err := models.Complete(ctx, "Answer with the word yes.", "Do you hear me?", openai.Schema{Name: "hearing", Value: map[string]any{
					"type": "object", "properties": map[string]any{"answer": map[string]any{"type": "string"}},
					"required": []string{"answer"}, "additionalProperties": false,
				}})
				return err
			})},
	}
}

// asking makes one request to a model and says what its error means.
func (d *doctor) asking(variable string, ask func(context.Context, *openai.Client) error) func(context.Context) outcome {
	return func(ctx context.Context) outcome {
		if d.Models == nil {
			return warn("set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of one's own", "neither OPENAI_API_KEY nor OPENAI_BASE_URL is set: calls are neither transcribed nor judged")
		}
		models, err := openai.New(*d.Models)
		if err != nil {
			return fail("correct OPENAI_BASE_URL", "%v", err)
		}
		began := time.Now()
		err = ask(ctx, models)
		var e *openai.Error
		switch {
		case err == nil:
			return ok("it answered within %s", time.Since(began).Round(10*time.Millisecond))
		case errors.Is(err, openai.ErrRefused), errors.Is(err, openai.ErrTruncated):
			return warn("try another model in "+variable, "it answers, and not as it should: %v", err)
		case errors.As(err, &e):
			return modelError(e, variable)
		}
		return fail("check OPENAI_BASE_URL", "%v", err)
	}
}

// modelError tells a wrong key, an unknown model and a server that is away apart.
func modelError(e *openai.Error, variable string) outcome {
	unknown := strings.Contains(strings.ToLower(e.Code+" "+e.Message), "model") && (e.Status == http.StatusNotFound || e.Status == http.StatusBadRequest)
	switch {
	case e.Status == 0:
		return fail("check OPENAI_BASE_URL, the network, and that the server runs", "the server is away: %v", e)
	case e.Status == http.StatusUnauthorized:
		return fail("set OPENAI_API_KEY to a key of this server", "the server refuses the key (401)")
	case e.Status == http.StatusForbidden:
		return fail("give the key's project the right to the model in "+variable, "the key may not use the model (403)")
	case unknown:
		return fail("set "+variable+" to a model that the server has", "the server does not know the model (%d)", e.Status)
	case e.Status == http.StatusNotFound:
		return fail("OPENAI_BASE_URL ends with the version of the API, such as https://api.openai.com/v1", "there is no such path at the server (404)")
	case e.Status == http.StatusTooManyRequests:
		return warn("look at the limits and the funds of the key", "the server takes no more requests now (429): %v", e)
	case e.Status >= 500:
		return fail("look at the server's log; runs are tried again until it answers", "the server is in trouble: %v", e)
	}
	return fail("check "+variable+" and OPENAI_BASE_URL", "the server refuses the request: %v", e)
}

// second is a WAV of one second: 8 kHz, 16 bits, one channel, silence.
func second() []byte {
	const rate, size = 8000, 2 * 8000
	var b bytes.Buffer
	b.WriteString("RIFF")
	for _, part := range []any{uint32(36 + size), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16),
		[]byte("data"), uint32(size), make([]byte, size)} {
		_ = binary.Write(&b, binary.LittleEndian, part) // to memory: cannot fail
	}
	return b.Bytes()
}
