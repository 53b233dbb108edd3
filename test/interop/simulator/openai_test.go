package simulator_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"

	"github.com/i-agent/iagent/simulator"
)

func TestOfficialOpenAIClientReadsTheAnswers(t *testing.T) {
	r := newFixture(t, simulator.Config{OpenAIKey: "key", Pick: func(string, int) simulator.Script { return simulator.Consents() },
		Model: func(context.Context, simulator.ChatRequest) (string, error) { return "yes", nil }})
	r.call(t, "+15557770001")
	r.wait(t)
	log := r.sim.Deliveries()
	_, wav := r.download(t, log[len(log)-1].Params.Get("RecordingUrl")+".wav")
	client := openai.NewClient(option.WithBaseURL(r.api.URL+"/v1"), option.WithAPIKey("key"))

	heard, err := client.Audio.Transcriptions.New(t.Context(), openai.AudioTranscriptionNewParams{
		File: openai.File(bytes.NewReader(wav), "a.wav", "audio/wav"), Model: "whisper-1", ResponseFormat: "verbose_json",
		TimestampGranularities: []string{"segment"}})
	if err != nil || !strings.HasPrefix(heard.Text, "What do you pay for a case?") || len(heard.Segments) < 4 || heard.Segments[1].Start <= 0 {
		t.Errorf("transcribed %+v, %v", heard, err)
	}
	plain, err := client.Audio.Transcriptions.New(t.Context(), openai.AudioTranscriptionNewParams{
		File: openai.File(bytes.NewReader(wav), "a.wav", "audio/wav"), Model: "gpt-4o-transcribe"})
	if err != nil || plain.Text != heard.Text {
		t.Errorf("without times %+v, %v", plain, err)
	}
	chat, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "m",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Do you?")}})
	if err != nil || len(chat.Choices) != 1 || chat.Choices[0].Message.Content != "yes" {
		t.Errorf("chat %+v, %v", chat, err)
	}
	response, err := client.Responses.New(t.Context(), responses.ResponseNewParams{Model: "m",
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Do you?")}})
	if err != nil || response.OutputText() != "yes" {
		t.Errorf("response %v, %v", response, err)
	}
}
