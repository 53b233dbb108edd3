package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// The wordings in which servers refuse a strict schema.
var schemaRefusals = []struct {
	status  int
	message string
}{
	{http.StatusBadRequest, "This response_format type is unavailable now"},
	{http.StatusUnprocessableEntity, "response_format.type: Input should be 'text' or 'json_object'"},
	{http.StatusBadRequest, "Invalid schema: strict mode is not supported by this backend"},
}

// refuseSchema draws [FaultModelNoSchema] for the n-th question, and answers as a server that accepts no strict schema.
func (s *Simulator) refuseSchema(w http.ResponseWriter, n int) bool {
	if !s.seed.happens(s.config.Faults.ModelNoSchema, "model", n, "no schema") {
		return false
	}
	s.count(FaultModelNoSchema)
	refusal := schemaRefusals[s.seed.rand("model", n, "no schema how").IntN(len(schemaRefusals))]
	modelError(w, refusal.status, "invalid_request_error", refusal.message)
	return true
}

// findSchema looks for a JSON schema in the instructions; its title is the name.
func (request *ChatRequest) findSchema() {
	for _, m := range request.Messages {
		for at := 0; m.Role == "system" && at < len(m.Content); at++ {
			if m.Content[at] != '{' {
				continue
			}
			var schema json.RawMessage
			if json.NewDecoder(strings.NewReader(m.Content[at:])).Decode(&schema) != nil || !bytes.Contains(schema, []byte(`"properties"`)) {
				continue
			}
			var named struct{ Title string }
			_ = json.Unmarshal(schema, &named) // one without a title has no name
			request.Schema, request.SchemaName = schema, named.Title
			return
		}
	}
}

// message is the message with an answer; with one of the faults the answer is where some other server would put it.
func (s *Simulator) message(text string, n int) map[string]any {
	m := map[string]any{"role": "assistant", "content": text, "refusal": nil}
	f := s.config.Faults
	for _, shape := range []struct {
		fault Fault
		rate  float64
		apply func()
	}{
		{FaultModelThinks, f.ModelThinks, func() {
			m["content"] = "<think>They want {JSON}. Perhaps {\"claims\": []}? Let me see.</think>\n\n" + text
		}},
		{FaultModelProse, f.ModelProse, func() {
			m["content"] = "Here is what I found:\n\n```json\n" + text + "\n```\n\nLet me know if you need more."
		}},
		{FaultModelReasoning, f.ModelReasoning, func() { m["content"], m["reasoning_content"] = "", text }},
		{FaultModelToolCall, f.ModelToolCall, func() {
			m["content"] = nil
			m["tool_calls"] = []any{map[string]any{"id": "call_1", "type": "function", "function": map[string]any{"name": "answer", "arguments": text}}}
		}},
		{FaultModelParts, f.ModelParts, func() { m["content"] = []any{map[string]any{"type": "text", "text": text}} }},
	} {
		if s.seed.happens(shape.rate, "model", n, string(shape.fault)) {
			s.count(shape.fault)
			shape.apply()
			break
		}
	}
	return m
}
