package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/openai"
)

// listSchema asks for an object with one list.
var listSchema = openai.Schema{Name: "claims", Value: map[string]any{"type": "object", "required": []string{"claims"},
	"properties": map[string]any{"claims": map[string]any{"type": "array"}}, "additionalProperties": false}}

const list = `{"claims": [{"quote": "five {dollars} </think>", "utterance": 2}]}`

// modelCases are answers of compatible servers, as their users reported them. CLAIMS stands for list.
type modelCases struct {
	Read    []map[string]any `json:"read"`
	Dead    []map[string]any `json:"dead"`
	Refused []struct {
		Status int    `json:"status"`
		Error  string `json:"error"`
	} `json:"refused"`
}

func readModelCases(t *testing.T) modelCases {
	t.Helper()
	file, err := os.ReadFile("testdata/model-answers.json")
	if err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(list)
	file = []byte(strings.ReplaceAll(string(file), "CLAIMS", strings.Trim(string(quoted), `"`)))
	var cases modelCases
	if err := json.Unmarshal(file, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// saying makes a server's answer of a message; finish_reason in it is moved to where it belongs.
func saying(message map[string]any) http.HandlerFunc {
	finish := message["finish_reason"]
	if finish == nil {
		finish = "stop"
	}
	body, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": message}}})
	return answer(200, jsonType, string(body))
}

func TestAnswerIsFoundWhereverServersPutIt(t *testing.T) {
	for _, message := range readModelCases(t).Read {
		t.Run(fmt.Sprint(message), func(t *testing.T) {
			client, requests := standIn(t, openai.Config{}, saying(message))
			got, err := client.Complete(t.Context(), "s", "u", listSchema)
			if err != nil || got != list || requests.Load() != 1 {
				t.Errorf("%q after %d requests, %v", got, requests.Load(), err)
			}
		})
	}
}

func TestWhatIsNoWholeAnswerIsNeverTakenForOne(t *testing.T) {
	for _, message := range readModelCases(t).Dead {
		t.Run(fmt.Sprint(message), func(t *testing.T) {
			client, _ := standIn(t, openai.Config{}, saying(message))
			got, err := client.Complete(t.Context(), "s", "u", listSchema)
			var read struct{ Claims *[]any }
			if err == nil && json.Unmarshal([]byte(got), &read) == nil && read.Claims != nil {
				t.Errorf("taken for an answer: %q", got)
			}
			if content, _ := message["content"].(string); err == nil && content != "" && got == "" {
				t.Error("the answer is lost")
			}
		})
	}
}

// takes is a server that refuses every form of chat request but one, and counts what it was asked for.
func takes(t *testing.T, form string, refusal http.HandlerFunc, asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Messages []struct{ Role, Content string } `json:"messages"`
			Format   struct{ Type string }            `json:"response_format"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		*asked = append(*asked, body.Format.Type)
		if body.Format.Type != form {
			refusal(w, r)
			return
		}
		if form != "json_schema" && !strings.Contains(body.Messages[0].Content, `"required":["claims"]`) {
			t.Errorf("the schema is not in the instructions: %q", body.Messages[0].Content)
		}
		saying(map[string]any{"content": list})(w, r)
	}
}

func TestServerWithoutSchemasIsAskedForJSONAndRemembered(t *testing.T) {
	refusals := map[string]http.HandlerFunc{
		"detail": answer(422, jsonType, `{"detail":[{"loc":["body","response_format","type"],"msg":"Input should be 'text' or 'json_object'"}]}`),
		"plain":  answer(400, "text/plain", "response_format.type json_schema: not implemented"),
		"string": answer(400, jsonType, `{"error":"structured outputs are not supported by this model"}`),
		"router": answer(404, jsonType, `{"error":{"message":"No endpoints found that support response_format","code":404}}`),
		"501":    answer(501, jsonType, `{"error":{"message":"Not Implemented"}}`),
		"silent": answer(422, jsonType, `{"error":{"message":"Unprocessable Entity"}}`),
		"crash":  answer(500, jsonType, `{"error":{"message":"failed to parse grammar"}}`),
	}
	for _, r := range readModelCases(t).Refused {
		body, _ := json.Marshal(map[string]any{"error": map[string]any{"message": r.Error, "type": "invalid_request_error"}})
		refusals[r.Error] = answer(r.Status, jsonType, string(body))
	}
	for name, refusal := range refusals {
		for _, form := range []string{"json_object", ""} {
			t.Run(name+" "+form, func(t *testing.T) {
				var asked []string
				client, _ := standIn(t, openai.Config{}, takes(t, form, refusal, &asked))
				for range 2 {
					got, err := client.Complete(t.Context(), "s", "u", listSchema)
					if err != nil || got != list {
						t.Fatalf("%q, %v", got, err)
					}
				}
				want := []string{"json_schema", "json_object", form}
				if form == "" {
					want = append(want, "")
				}
				if !slices.Equal(asked, want) {
					t.Errorf("asked for %q", asked)
				}
			})
		}
	}
}

func TestRefusalOfSomethingElseIsNotTakenForTheSchemas(t *testing.T) {
	for status, message := range map[int]string{
		400: "This model's maximum context length is 8192 tokens", 401: "Incorrect API key", 403: "no", 404: "The model does not exist", 429: "slow down",
	} {
		body := fmt.Sprintf(`{"error":{"message":%q}}`, message)
		client, requests := standIn(t, openai.Config{}, answer(status, jsonType, body))
		_, err := client.Complete(t.Context(), "s", "u", listSchema)
		var e *openai.Error
		if !errors.As(err, &e) || e.Status != status || requests.Load() != 1 {
			t.Errorf("%d: %d requests, %v", status, requests.Load(), err)
		}
	}
}

// A server that fails at one form of a request says 5xx for ever: that must end before the attempts do.
func TestServerThatFailsAtTheBestFormIsAskedForThePlainOne(t *testing.T) {
	broken := answer(500, jsonType, `{"error":{"message":"Internal Server Error"}}`)
	var asked []string
	client, _ := standIn(t, openai.Config{TranscribeModel: "mine"}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/chat/completions" {
			takes(t, "json_object", broken, &asked)(w, r)
			return
		}
		format := r.FormValue("response_format")
		asked = append(asked, format)
		if format != "json" {
			broken(w, r)
			return
		}
		answer(200, jsonType, `{"text":"Hello."}`)(w, r)
	})
	var e *openai.Error
	if _, err := client.Transcribe(t.Context(), audio); !errors.As(err, &e) || e.Fault().Class != fault.Transient {
		t.Errorf("the first fault: %v", err)
	}
	if _, err := client.Complete(t.Context(), "s", "u", listSchema); !errors.As(err, &e) || e.Fault().Class != fault.Transient {
		t.Errorf("the first fault: %v", err)
	}
	for range 2 {
		if got, err := client.Transcribe(t.Context(), audio); err != nil || len(got.Segments) != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := client.Complete(t.Context(), "s", "u", listSchema); err != nil || got != list {
			t.Errorf("%q, %v", got, err)
		}
	}
	want := []string{"verbose_json", "json_schema", "verbose_json", "json", "json_schema", "json_object", "json", "json_object"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}

// Times are not given up for ever because a server that gives them was down.
func TestOutageDoesNotGiveUpTimes(t *testing.T) {
	var outage bool
	var asked []string
	client, _ := standIn(t, openai.Config{}, func(w http.ResponseWriter, r *http.Request) {
		format := r.FormValue("response_format")
		asked = append(asked, format)
		if outage && format != "json" {
			answer(503, "text/html", "<html>")(w, r)
			return
		}
		answer(200, jsonType, `{"text":"Hello.","segments":[{"start":0,"end":1,"text":"Hello."}]}`)(w, r)
	})
	for _, outage = range []bool{false, true, true, true, false} {
		_, _ = client.Transcribe(t.Context(), audio)
	}
	want := []string{"verbose_json", "verbose_json", "verbose_json", "json", "verbose_json", "json", "verbose_json"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
}

func TestServerThatOnlySendsTextIsUnderstood(t *testing.T) {
	client, _ := standIn(t, openai.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("response_format") != "text" {
			answer(422, jsonType, `{"detail":"response_format: Input should be 'text'"}`)(w, r)
			return
		}
		answer(200, "text/plain; charset=utf-8", " Hello.\n")(w, r)
	})
	got, err := client.Transcribe(t.Context(), audio)
	if err != nil || len(got.Segments) != 1 || got.Segments[0].Text != "Hello." {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAudioTooShortIsSilence(t *testing.T) {
	for _, body := range []string{
		`{"error":{"message":"Audio file is too short. Minimum audio length is 0.1 seconds.","type":"invalid_request_error","param":"file","code":"audio_too_short"}}`,
		`{"error":{"message":"x","code":"audio_too_short"}}`, `{"detail":"audio is too short"}`, `{"error":"Audio file is too short"}`,
	} {
		for _, status := range []int{400, 422} {
			client, requests := standIn(t, openai.Config{}, answer(status, jsonType, body))
			got, err := client.Transcribe(t.Context(), audio)
			if err != nil || len(got.Segments) != 0 || requests.Load() != 1 {
				t.Errorf("%d %s: %+v, %v", status, body, got, err)
			}
		}
	}
}

// Audio comes from files that are larger than what we want in memory.
func TestAudioIsSentWhileItIsRead(t *testing.T) {
	const size = 24 << 20
	client, _ := standIn(t, openai.Config{}, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || n != r.ContentLength || n < size {
			t.Errorf("%d of %d bytes, %v", n, r.ContentLength, err)
		}
		answer(200, jsonType, `{"text":""}`)(w, r)
	})
	large := openai.Audio{Name: "a.wav", ContentType: "audio/wav", Size: size, Open: func() io.Reader { return io.LimitReader(zeros{}, size) }}

	before := allocatedBytes()
	if _, err := client.Transcribe(t.Context(), large); err != nil {
		t.Fatal(err)
	}
	if used := allocatedBytes() - before; used > 4<<20 {
		t.Errorf("sending %d MB took %d MB of memory", size>>20, used>>20)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// allocatedBytes is all that was ever allocated.
func allocatedBytes() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
