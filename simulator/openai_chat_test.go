package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func ask(t *testing.T, r *fixture, path, key, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequest("POST", r.api.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestModelGetsTheSameQuestionFromBothAPIs(t *testing.T) {
	var got []ChatRequest
	r := newFixture(t, Config{OpenAIKey: "key", Model: func(_ context.Context, request ChatRequest) (string, error) {
		got = append(got, request)
		if request.Model == "broken" {
			return "", errors.New("out of order")
		}
		return `{"claims":[]}`, nil
	}})
	const chat = `{"model":"m","messages":[{"role":"system","content":"Extract."},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],
		"response_format":{"type":"json_schema","json_schema":{"name":"claims","schema":{"type":"object"}}}}`
	const respond = `{"model":"m","instructions":"Extract.","input":[{"role":"user","content":"a\nb"}],
		"text":{"format":{"type":"json_schema","name":"claims","schema":{"type":"object"}}}}`
	for path, body := range map[string]string{"/v1/chat/completions": chat, "/v1/responses": respond} {
		status, text := ask(t, r, path, "key", body)
		if status != 200 || !strings.Contains(text, `"{\"claims\":[]}"`) {
			t.Errorf("%s: %d %s", path, status, text)
		}
		for name, refused := range map[string]struct {
			key, body string
			status    int
		}{
			"wrong key": {"other", body, 401},
			"stream":    {"key", `{"stream":true,"messages":[],"input":"x"}`, 400},
			"no JSON":   {"key", `{`, 400},
			"model":     {"key", `{"model":"broken","input":"x"}`, 500},
		} {
			if status, text := ask(t, r, path, refused.key, refused.body); status != refused.status || !strings.Contains(text, `"error":{`) {
				t.Errorf("%s, %s: %d %s", path, name, status, text)
			}
		}
	}
	for _, request := range got {
		if request.Model == "m" && asJSON(t, request) != asJSON(t, ChatRequest{Model: "m", SchemaName: "claims", Schema: []byte(`{"type":"object"}`),
			Messages: []ChatMessage{{"system", "Extract."}, {"user", "a\nb"}}}) {
			t.Errorf("the model was asked %s", asJSON(t, request))
		}
	}
}

func TestChatWithoutModelIsAnsweredWith501(t *testing.T) {
	r := newFixture(t, Config{})
	if status, text := ask(t, r, "/v1/chat/completions", "", `{"model":"m","messages":[]}`); status != 501 || !strings.Contains(text, "Model") {
		t.Errorf("%d %s", status, text)
	}
}
