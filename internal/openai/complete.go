package openai

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// Schema is the JSON Schema that an answer of Complete must satisfy.
type Schema struct {
	// Name is letters, digits, "_" and "-", at most 64.
	Name string
	// Value is the schema itself, of an object; anything that marshals to it. The server holds the model to it strictly, so
	// every property is required and additionalProperties is false; what may be null says so by anyOf, since not every
	// server takes a list of types.
	Value any
}

// Errors of Complete besides *Error.
var (
	// ErrRefused: the model declined to answer.
	ErrRefused = errors.New("model refused to answer")
	// ErrTruncated: the answer ended before its end.
	ErrTruncated = errors.New("model's answer was cut off")
)

// The forms in which an answer is asked for.
const (
	strictSchema = iota // the server holds the model to the schema
	anyObject           // the server holds the model to JSON; the schema is in the instructions
	freeText            // the schema is in the instructions, and that is all
)

// Complete asks the extraction model for one answer and returns the JSON object in it; when there is not exactly one of the
// schema's form, the answer as the model wrote it, which is then for the caller to read or to keep. A server that refuses
// strict schemas is asked again with the schema in the instructions, which is remembered. The schema is a request, not a
// proof: compatible servers ignore it more or less, so the caller checks what it reads.
func (c *Client) Complete(ctx context.Context, system, user string, schema Schema) (string, error) {
	const op = "asking the model"
	titled, required, err := schema.titled()
	if err != nil {
		return "", fmt.Errorf("%s: writing the schema: %w", op, err)
	}
	choice, err := inForm(&c.answerForms, strictSchema, freeText, func(form int) (choice, error) {
		return c.complete(ctx, op, form, system, user, schema, titled)
	})
	if err != nil {
		return "", err
	}
	answer, refusal := choice.Message.read(required)
	switch {
	case refusal != "":
		return answer, fmt.Errorf("%s: %w: %s", op, ErrRefused, refusal)
	case choice.FinishReason == "content_filter":
		return answer, fmt.Errorf("%s: %w: stopped by the content filter", op, ErrRefused)
	case choice.FinishReason == "length":
		return answer, fmt.Errorf("%s: %w", op, ErrTruncated)
	}
	return answer, nil
}

// complete asks in one form.
func (c *Client) complete(ctx context.Context, op string, form int, system, user string, schema Schema, titled string) (choice, error) {
	params := sdk.ChatCompletionNewParams{Model: c.config.ExtractModel}
	switch form {
	case strictSchema:
		params.ResponseFormat.OfJSONSchema = &sdk.ResponseFormatJSONSchemaParam{
			JSONSchema: sdk.ResponseFormatJSONSchemaJSONSchemaParam{Name: schema.Name, Schema: schema.Value, Strict: sdk.Bool(true)},
		}
	case anyObject:
		params.ResponseFormat.OfJSONObject = &sdk.ResponseFormatJSONObjectParam{}
	}
	if form != strictSchema {
		system += "\n\nAnswer with one JSON object and nothing else. It satisfies this JSON Schema:\n" + titled
	}
	params.Messages = []sdk.ChatCompletionMessageParamUnion{sdk.SystemMessage(system), sdk.UserMessage(user)}

	x := &exchange{}
	var body []byte
	if _, err := c.chat.New(ctx, params, x.option(), option.WithResponseBodyInto(&body)); err != nil {
		return choice{}, c.failure(op, x, err)
	}
	var answer struct {
		Choices []choice `json:"choices"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return choice{}, c.failure(op, x, fmt.Errorf("reading the answer: %w", err))
	}
	if len(answer.Choices) == 0 { // a body of "null" is no answer
		return choice{}, &Error{Op: op, Status: x.status, Message: "answer holds no choice"}
	}
	if first := answer.Choices[0]; first.FinishReason != "error" {
		return first, nil
	}
	return choice{}, &Error{Op: op, Status: x.status, Message: "the server says that the model failed"}
}

// titled is the schema as text, with its name in it, and what an object of it must have.
func (s Schema) titled() (text string, required []string, err error) {
	plain, err := json.Marshal(s.Value)
	if err != nil {
		return "", nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(plain, &members); err != nil {
		return "", nil, err
	}
	_ = json.Unmarshal(members["required"], &required) // a schema without a list requires nothing
	if members == nil {
		return "", nil, errors.New("it is no object")
	}
	if members["title"], err = json.Marshal(s.Name); err != nil {
		return "", nil, err
	}
	titled, err := json.Marshal(members)
	return string(titled), required, err
}
