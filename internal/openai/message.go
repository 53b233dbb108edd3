package openai

import (
	"encoding/json"
	"strings"
)

// choice is one answer of a model.
type choice struct {
	FinishReason string  `json:"finish_reason"`
	Message      message `json:"message"`
}

// message is what a model said, in any of the places where servers put it.
type message struct {
	// Content is a string, a list of parts or, of some servers, the object itself.
	Content   json.RawMessage `json:"content"`
	Refusal   text            `json:"refusal"`
	ToolCalls []struct {
		Function called `json:"function"`
	} `json:"tool_calls"`
	FunctionCall called `json:"function_call"`
	// The thoughts of a model. A server that takes its whole answer for thoughts leaves the content empty.
	ReasoningContent text `json:"reasoning_content"`
	Reasoning        text `json:"reasoning"`
}

// called is a function that the model wants called. Arguments are JSON, or a string of it.
type called struct {
	Arguments json.RawMessage `json:"arguments"`
}

// text is a string; anything else is as if it was not there.
type text string

// UnmarshalJSON takes everything.
func (t *text) UnmarshalJSON(data []byte) error {
	_ = json.Unmarshal(data, (*string)(t))
	return nil
}

// part is one of a list that makes a content.
type part struct {
	Type    string `json:"type"`
	Text    text   `json:"text"`
	Refusal text   `json:"refusal"`
}

// read finds the answer: the one object that has the required members, first in the content, then in the arguments of
// calls, then in thoughts, but in those only when the content has nothing that could be an answer. Without exactly one it
// is what the model wrote. refusal is the model's reason for none.
func (m message) read(required []string) (answer, refusal string) {
	content, refusal := m.content()
	if refusal = strings.TrimSpace(string(m.Refusal) + refusal); refusal != "" {
		return content, refusal
	}
	said := withoutThoughts(content)
	if object, ok := onlyObject(said, required); ok {
		return object, ""
	}
	if strings.ContainsAny(said, "{[") {
		return said, ""
	}
	calls := m.FunctionCall.text()
	for _, c := range m.ToolCalls {
		calls += "\n" + c.Function.text()
	}
	others := []string{calls, string(m.ReasoningContent), string(m.Reasoning)}
	for _, other := range others {
		if object, ok := onlyObject(other, required); ok {
			return object, ""
		}
	}
	if strings.TrimSpace(said) != "" {
		return said, ""
	}
	return strings.TrimSpace(strings.Join(append(others, content), "\n")), ""
}

// content is the text of the content, and of a refusal among its parts.
func (m message) content() (said, refusal string) {
	var s string
	if json.Unmarshal(m.Content, &s) == nil {
		return s, ""
	}
	var parts []part
	if err := json.Unmarshal(m.Content, &parts); err != nil || !isParts(parts) {
		return string(m.Content), ""
	}
	for _, p := range parts {
		refusal += string(p.Refusal)
		if p.Type == "" || strings.Contains(p.Type, "text") {
			said += string(p.Text)
		}
	}
	return said, refusal
}

// isParts tells a list of parts from an answer that is a list itself.
func isParts(parts []part) bool {
	for _, p := range parts {
		if p.Type == "" && p.Text == "" && p.Refusal == "" {
			return false
		}
	}
	return true
}

func (c called) text() string {
	var s string
	if json.Unmarshal(c.Arguments, &s) == nil {
		return s
	}
	return string(c.Arguments)
}
