package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// ChatRequest is a question to a language model, from either of OpenAI's APIs.
type ChatRequest struct {
	Model      string
	Messages   []ChatMessage
	SchemaName string          // of the structured output asked for; empty for free text
	Schema     json.RawMessage // its JSON schema, or nil; one in the instructions counts too, its title is then the name
}

// ChatMessage is one message of a request, its text parts joined.
type ChatMessage struct {
	Role    string
	Content string
}

// chat answers POST /v1/chat/completions.
func (s *Simulator) chat(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Model          string       `json:"model"`
		Stream         bool         `json:"stream"`
		Messages       []rawMessage `json:"messages"`
		ResponseFormat struct {
			JSONSchema struct {
				Name   string          `json:"name"`
				Schema json.RawMessage `json:"schema"`
			} `json:"json_schema"`
		} `json:"response_format"`
	}
	if !s.readModelRequest(w, r, &body) {
		return
	}
	request := ChatRequest{Model: body.Model, Messages: messages(body.Messages),
		SchemaName: body.ResponseFormat.JSONSchema.Name, Schema: body.ResponseFormat.JSONSchema.Schema}
	n := s.nth("model")
	if len(request.Schema) == 0 {
		request.findSchema()
	} else if s.refuseSchema(w, n) {
		return
	}
	text, ok := s.complete(w, r, request, body.Stream)
	if !ok {
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"id": "chatcmpl-" + s.seed.uuid(text), "object": "chat.completion", "created": time.Now().Unix(), "model": body.Model,
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "logprobs": nil,
			"message": s.message(text, n)}},
		"usage": map[string]int{"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
	})
}

// respond answers POST /v1/responses.
func (s *Simulator) respond(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Model        string          `json:"model"`
		Stream       bool            `json:"stream"`
		Instructions string          `json:"instructions"`
		Input        json.RawMessage `json:"input"`
		Text         struct {
			Format struct {
				Name   string          `json:"name"`
				Schema json.RawMessage `json:"schema"`
			} `json:"format"`
		} `json:"text"`
	}
	if !s.readModelRequest(w, r, &body) {
		return
	}
	request := ChatRequest{Model: body.Model, SchemaName: body.Text.Format.Name, Schema: body.Text.Format.Schema}
	if body.Instructions != "" {
		request.Messages = append(request.Messages, ChatMessage{Role: "system", Content: body.Instructions})
	}
	var plain string
	var raw []rawMessage
	if json.Unmarshal(body.Input, &plain) == nil {
		request.Messages = append(request.Messages, ChatMessage{Role: "user", Content: plain})
	} else if err := json.Unmarshal(body.Input, &raw); err == nil {
		request.Messages = append(request.Messages, messages(raw)...)
	} else {
		modelError(w, http.StatusBadRequest, "invalid_request_error", "input is neither a text nor a list of messages")
		return
	}
	text, ok := s.complete(w, r, request, body.Stream)
	if !ok {
		return
	}
	id := s.seed.uuid(text)
	answer(w, http.StatusOK, map[string]any{
		"id": "resp_" + id, "object": "response", "created_at": time.Now().Unix(), "model": body.Model, "status": "completed",
		"error": nil, "output": []any{map[string]any{"id": "msg_" + id, "type": "message", "role": "assistant", "status": "completed",
			"content": []any{map[string]any{"type": "output_text", "text": text, "annotations": []any{}}}}},
		"usage": map[string]any{"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
	})
}

// complete asks [Config.Model]; without one the answer is 501.
func (s *Simulator) complete(w http.ResponseWriter, r *http.Request, request ChatRequest, stream bool) (string, bool) {
	switch {
	case stream:
		modelError(w, http.StatusBadRequest, "invalid_request_error", "the simulator does not stream: set stream to false")
	case s.config.Model == nil:
		modelError(w, http.StatusNotImplemented, "server_error", "the simulator was given no Model to answer with")
	default:
		text, err := s.config.Model(r.Context(), request)
		if err == nil {
			return text, true
		}
		modelError(w, http.StatusInternalServerError, "server_error", err.Error())
	}
	return "", false
}

// rawMessage has as its content a text, or a list of parts with texts.
type rawMessage struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

func messages(raw []rawMessage) []ChatMessage {
	out := make([]ChatMessage, 0, len(raw))
	for _, m := range raw {
		var text string
		if json.Unmarshal(m.Content, &text) != nil {
			var parts []struct {
				Text string `json:"text"`
			}
			_ = json.Unmarshal(m.Content, &parts) // content of another kind, such as an image, has no text
			var texts []string
			for _, p := range parts {
				texts = append(texts, p.Text)
			}
			text = strings.Join(texts, "\n")
		}
		out = append(out, ChatMessage{Role: m.Role, Content: text})
	}
	return out
}

func (s *Simulator) readModelRequest(w http.ResponseWriter, r *http.Request, into any) bool {
	if !s.authorized(w, r) {
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<20)).Decode(into); err != nil {
		modelError(w, http.StatusBadRequest, "invalid_request_error", "reading the request: "+err.Error())
		return false
	}
	return true
}

// authorized checks the bearer token of the models' endpoints, if there is one to check.
func (s *Simulator) authorized(w http.ResponseWriter, r *http.Request) bool {
	if s.config.OpenAIKey == "" ||
		subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+s.config.OpenAIKey)) == 1 {
		return true
	}
	modelError(w, http.StatusUnauthorized, "invalid_request_error", "Incorrect API key provided")
	return false
}

// modelError is an error in the form of OpenAI's API.
func modelError(w http.ResponseWriter, status int, kind, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"message": message, "type": kind, "param": nil, "code": nil}})
}
