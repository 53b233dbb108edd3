package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/openai"
)

const key = "sk-secret-0123456789"

// standIn starts a server in the model's place and a client for it. It counts the requests.
func standIn(t *testing.T, config openai.Config, handler http.HandlerFunc) (*openai.Client, *atomic.Int32) {
	t.Helper()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	config.BaseURL = server.URL + "/v1"
	client, err := openai.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, &requests
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const jsonType = "application/json"

var audio = openai.Audio{Name: "RE1-1.wav", ContentType: "audio/wav", Language: "en", Size: 4,
	Open: func() io.Reader { return strings.NewReader("RIFF") }}

func TestTranscribeAsksForTimes(t *testing.T) {
	client, requests := standIn(t, openai.Config{APIKey: key, UserAgent: "iagent/test"}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/audio/transcriptions" || r.Header.Get("Authorization") != "Bearer "+key || r.UserAgent() != "iagent/test" {
			t.Errorf("request: %s %v", r.URL, r.Header)
		}
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Error(err)
			return
		}
		want := map[string][]string{
			"model": {"whisper-1"}, "response_format": {"verbose_json"}, "language": {"en"}, "timestamp_granularities[]": {"segment"},
		}
		if !reflect.DeepEqual(r.MultipartForm.Value, want) {
			t.Errorf("form: %v", r.MultipartForm.Value)
		}
		file := r.MultipartForm.File["file"][0]
		if r.ContentLength <= 4 || len(r.TransferEncoding) != 0 {
			t.Errorf("the length is %d, sent %v", r.ContentLength, r.TransferEncoding)
		}
		if file.Filename != "RE1-1.wav" || file.Header.Get("Content-Type") != "audio/wav" || file.Size != 4 {
			t.Errorf("file: %+v", file)
		}
		w.Header().Set("Content-Type", jsonType)
		_, _ = io.WriteString(w, `{"text":"Hello. Fine. Thanks for watching!","language":"english","duration":"12.5","segments":[
			{"start":0.5,"end":1.25,"text":" Hello.","avg_logprob":-0.2,"no_speech_prob":0.01,"compression_ratio":0.9},
			{"start":-1,"end":-2,"text":" Fine.","avg_logprob":null},
			{"start":5,"end":6,"text":"  ","avg_logprob":-0.2,"no_speech_prob":0.01},
			{"start":8,"end":9,"text":" Thanks for watching!","avg_logprob":-1.4,"no_speech_prob":0.93}]}`)
	})
	got, err := client.Transcribe(t.Context(), audio)
	if err != nil {
		t.Fatal(err)
	}
	want := openai.Transcript{Duration: 12.5, Segments: []openai.Segment{
		{Start: 0.5, End: 1.25, Text: "Hello.", NoSpeechProb: 0.01, AvgLogprob: -0.2, CompressionRatio: 0.9}, {Text: "Fine."},
		{Start: 8, End: 9, Text: "Thanks for watching!", NoSpeechProb: 0.93, AvgLogprob: -1.4},
	}}
	if !reflect.DeepEqual(got, want) || requests.Load() != 1 {
		t.Errorf("%d requests, got %+v", requests.Load(), got)
	}
}

func TestEveryShapeOfAnswerIsRead(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want []openai.Segment
	}{
		"text only": {`{"text":" Hello. "}`, []openai.Segment{{Text: "Hello."}}},
		"words only": {`{"text":"one two three","duration":4,"words":[{"word":"one","start":0,"end":0.4},
			{"word":"two","start":0.5,"end":0.9},{"word":"three","start":3,"end":3.5}]}`,
			[]openai.Segment{{Start: 0, End: 0.9, Text: "one two"}, {Start: 3, End: 3.5, Text: "three"}}},
		"silence":            {`{"text":"","segments":[]}`, nil},
		"unknown properties": {`{"text":"Hi","task":"transcribe","x_groq":{"id":"1"}}`, []openai.Segment{{Text: "Hi"}}},
	} {
		client, _ := standIn(t, openai.Config{}, answer(200, jsonType, test.body))
		got, err := client.Transcribe(t.Context(), audio)
		if err != nil || !reflect.DeepEqual(got.Segments, test.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestServerWithoutTimesIsAskedForTextOnce(t *testing.T) {
	for name, refusal := range map[string]http.HandlerFunc{
		"OpenAI": answer(400, jsonType, `{"error":{"message":"response_format 'verbose_json' is not compatible with model","type":"invalid_request_error","param":"response_format","code":"unsupported_value"}}`),
		"other":  answer(422, jsonType, `{"detail":[{"loc":["body","response_format"],"msg":"value is not a valid enumeration member"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			client, requests := standIn(t, openai.Config{TranscribeModel: "mine"}, func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("response_format") == "verbose_json" {
					refusal(w, r)
					return
				}
				if len(r.MultipartForm.Value["timestamp_granularities[]"]) != 0 {
					t.Error("asked for times again")
				}
				answer(200, jsonType, `{"text":"Hello."}`)(w, r)
			})
			for range 2 {
				got, err := client.Transcribe(t.Context(), audio)
				if err != nil || len(got.Segments) != 1 {
					t.Fatalf("%+v, %v", got, err)
				}
			}
			if n := requests.Load(); n != 3 {
				t.Errorf("%d requests, want refusal, answer, answer", n)
			}
		})
	}
}

func TestModelThatGivesNoTimesIsNotAskedForThem(t *testing.T) {
	client, requests := standIn(t, openai.Config{TranscribeModel: "gpt-4o-transcribe"}, func(w http.ResponseWriter, r *http.Request) {
		if f := r.FormValue("response_format"); f != "json" {
			t.Errorf("response_format %s", f)
		}
		answer(200, jsonType, `{"text":"Hello."}`)(w, r)
	})
	if _, err := client.Transcribe(t.Context(), audio); err != nil || requests.Load() != 1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

func TestFailureIsNotRetriedHereAndSaysWhetherItCanBe(t *testing.T) {
	problem := func(message string) string {
		return `{"error":{"message":"` + message + `","type":"t","param":null,"code":"c"}}`
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		status  int
		again   bool
	}{
		"bad file":        {answer(400, jsonType, problem("Invalid file format.")), 400, false},
		"wrong key":       {answer(401, jsonType, problem("Incorrect API key provided: "+key+" or sk-se***6789")), 401, true},
		"forbidden":       {answer(403, jsonType, problem("no")), 403, true},
		"no such model":   {answer(404, jsonType, problem("no")), 404, false},
		"too large":       {answer(413, "text/html", "<html>too large</html>"), 413, false},
		"too many":        {answer(429, jsonType, problem("slow down")), 429, true},
		"server error":    {answer(500, jsonType, problem("oops")), 500, true},
		"HTML 502":        {answer(502, "text/html", "<html>\nbad gateway</html>"), 502, true},
		"empty 503":       {answer(503, "", ""), 503, true},
		"200 with HTML":   {answer(200, "text/html", "<html>login</html>"), 200, true},
		"200 and garbage": {answer(200, jsonType, `{"text":"Hel`), 200, true},
		"200 and null":    {answer(200, jsonType, "null"), 200, true},
		"connection lost": {func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			client, requests := standIn(t, openai.Config{APIKey: key}, test.handler)
			_, err := client.Transcribe(t.Context(), audio)
			var e *openai.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if class := e.Fault().Class; e.Status != test.status || (class != fault.Permanent) != test.again || requests.Load() != 1 {
				t.Errorf("status %d, %s, after %d requests: %v", e.Status, class, requests.Load(), err)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "6789") {
				t.Errorf("the key is in the error: %v", err)
			}
		})
	}
}

func TestSlowServerTimesOut(t *testing.T) {
	release := make(chan struct{})
	client, _ := standIn(t, openai.Config{Timeout: 50 * time.Millisecond}, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	_, err := client.Transcribe(t.Context(), audio)
	var e *openai.Error
	if !errors.As(err, &e) || e.Fault().Class != fault.Transient || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestEnvironmentIsNotRead(t *testing.T) {
	t.Setenv("OPENAI_API_KEY", "sk-environment")
	t.Setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
	t.Setenv("OPENAI_ORG_ID", "org-environment")
	client, requests := standIn(t, openai.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("OpenAI-Organization") != "" {
			t.Errorf("headers: %v", r.Header)
		}
		answer(200, jsonType, `{"text":""}`)(w, r)
	})
	if _, err := client.Transcribe(t.Context(), audio); err != nil || requests.Load() != 1 {
		t.Error(requests.Load(), err)
	}
}

func TestCompleteAsksForTheSchema(t *testing.T) {
	schema := openai.Schema{Name: "claims", Value: map[string]any{"type": "object"}}
	client, _ := standIn(t, openai.Config{ExtractModel: "m"}, func(w http.ResponseWriter, r *http.Request) {
		var got any
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		var want any
		_ = json.Unmarshal([]byte(`{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hello"}],
			"response_format":{"type":"json_schema","json_schema":{"name":"claims","strict":true,"schema":{"type":"object"}}}}`), &want)
		if !reflect.DeepEqual(got, want) || r.URL.Path != "/v1/chat/completions" {
			t.Errorf("%s: %v", r.URL, got)
		}
		answer(200, jsonType, `{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"{\"a\":1}"}}]}`)(w, r)
	})
	got, err := client.Complete(t.Context(), "be brief", "hello", schema)
	if err != nil || got != `{"a":1}` {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAnswerThatIsNoAnswerIsAnError(t *testing.T) {
	for body, want := range map[string]error{
		`{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I can't"}}]}`: openai.ErrRefused,
		`{"choices":[{"finish_reason":"content_filter","message":{"content":""}}]}`:             openai.ErrRefused,
		`{"choices":[{"finish_reason":"length","message":{"content":"{\"a\":"}}]}`:              openai.ErrTruncated,
		`{"choices":[]}`: nil,
		`null`:           nil,
	} {
		client, _ := standIn(t, openai.Config{}, answer(200, jsonType, body))
		_, err := client.Complete(t.Context(), "s", "u", openai.Schema{Name: "n", Value: map[string]any{}})
		if err == nil || (want != nil && !errors.Is(err, want)) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestConfigurationThatCannotWorkIsRefused(t *testing.T) {
	for _, u := range []string{"api.openai.com/v1", "ftp://host/v1", "http://user:pass@host/v1", "http://"} {
		if _, err := openai.New(openai.Config{BaseURL: u}); err == nil {
			t.Errorf("%s was accepted", u)
		}
	}
}
