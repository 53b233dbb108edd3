package openai

import (
	"context"
	"errors"
	"fmt"

	sdk "github.com/openai/openai-go/v3"
)

// Schema is the JSON Schema that an answer of Complete must satisfy.
type Schema struct {
	// Name is letters, digits, "_" and "-", at most 64.
	Name string
	// Value is the schema itself, anything that marshals to a JSON Schema object; the server holds the model to it
	// strictly, so every property is required and additionalProperties is false.
	Value any
}

// Errors of Complete besides *Error.
var (
	// ErrRefused: the model declined to answer.
	ErrRefused = errors.New("model refused to answer")
	// ErrTruncated: the answer ended before its end and is no valid JSON.
	ErrTruncated = errors.New("model's answer was cut off")
)

// Complete asks the extraction model for one answer and returns it as the model wrote it. The schema is a request, not
// a proof: compatible servers ignore it more or less, so the caller checks what it reads.
func (c *Client) Complete(ctx context.Context, system, user string, schema Schema) (string, error) {
	const op = "asking the model"
	x := &exchange{}
	answer, err := c.chat.New(ctx, sdk.ChatCompletionNewParams{
		Model:    c.config.ExtractModel,
		Messages: []sdk.ChatCompletionMessageParamUnion{sdk.SystemMessage(system), sdk.UserMessage(user)},
		ResponseFormat: sdk.ChatCompletionNewParamsResponseFormatUnion{
			OfJSONSchema: &sdk.ResponseFormatJSONSchemaParam{
				JSONSchema: sdk.ResponseFormatJSONSchemaJSONSchemaParam{
					Name: schema.Name, Schema: schema.Value, Strict: sdk.Bool(true),
				},
			},
		},
	}, x.option())
	if err != nil {
		return "", c.failure(op, x, err)
	}
	if answer == nil || len(answer.Choices) == 0 { // a body of "null" is no answer
		return "", &Error{Op: op, Status: x.status, Message: "answer holds no choice"}
	}
	choice := answer.Choices[0]
	switch {
	case choice.Message.Refusal != "":
		return "", fmt.Errorf("%s: %w: %s", op, ErrRefused, choice.Message.Refusal)
	case choice.FinishReason == "content_filter":
		return "", fmt.Errorf("%s: %w: stopped by the content filter", op, ErrRefused)
	case choice.FinishReason == "length":
		return choice.Message.Content, fmt.Errorf("%s: %w", op, ErrTruncated)
	}
	return choice.Message.Content, nil
}
