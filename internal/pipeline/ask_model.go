package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/jobs"
	"github.com/i-agent/iagent/internal/openai"
)

// question is what a model is asked: a standing instruction, the matter, and the form of the answer.
type question struct {
	system, user string
	schema       openai.Schema
}

// unreadable is an answer that could not be read, also not after it was asked for once more.
type unreadable struct {
	answer string
	err    error
}

func (e *unreadable) Error() string { return e.Fault().String() }
func (e *unreadable) Unwrap() error { return e.err }

// Fault says what may be stored of it. What is wrong with the answer quotes it, so that is kept with the answer.
func (e *unreadable) Fault() fault.Fault {
	reason := "answer cannot be read"
	switch {
	case errors.Is(e.err, openai.ErrRefused):
		reason = "model refused to answer"
	case errors.Is(e.err, openai.ErrTruncated):
		reason = "answer was cut off"
	}
	return fault.Fault{Class: fault.Permanent, Service: "model", Op: "asking the model", Reason: reason}
}

// ask puts a question to the model and reads the answer. One that cannot be read is asked for once more, with the error;
// if that does not help the error is an *unreadable, with the last answer.
func ask[T any](ctx context.Context, models *openai.Client, q question, read func(answer string) (T, error)) (T, error) {
	user := q.user
	for round := 1; ; round++ {
		var result T
		answer, err := models.Complete(ctx, q.system, user, q.schema)
		switch {
		case errors.Is(err, openai.ErrRefused):
			return result, &unreadable{answer, err}
		case errors.Is(err, openai.ErrTruncated):
		case err != nil:
			return result, err
		default:
			if result, err = read(answer); err == nil {
				return result, nil
			}
		}
		if round == 2 {
			var none T
			return none, &unreadable{answer, err}
		}
		user = q.user + repair(answer, err)
	}
}

// repair asks for an answer again. The answer is quoted only as far as it helps to see what is wrong with it.
func repair(answer string, err error) string {
	const most = 4000
	if len(answer) > most {
		answer = strings.ToValidUTF8(answer[:most], "") + "…"
	}
	return "\n\nYou have answered this before:\n" + answer + "\n\nThat answer could not be read: " + err.Error() +
		"\nAnswer again, with nothing but one JSON object of the form asked for, and shorter if it was cut off."
}

// settled makes the error of ask one that the ledger understands: an unreadable answer is kept, and ends the run.
func settled(err error, keep func(answer, reason string) error) error {
	var bad *unreadable
	if !errors.As(err, &bad) {
		return permanent(err)
	}
	if kept := keep(bad.answer, bad.err.Error()); kept != nil {
		return kept
	}
	return jobs.Permanent(err)
}

// object finds the JSON in an answer: the whole of it, or what stands in its only fence.
func object(answer string) []byte {
	answer = strings.TrimSpace(strings.TrimPrefix(answer, "\ufeff"))
	const fence = "```"
	if parts := strings.Split(answer, fence); len(parts) == 3 {
		inside := parts[1]
		if tag, rest, ok := strings.Cut(inside, "\n"); ok && !strings.ContainsAny(tag, "{[") {
			inside = rest
		}
		return []byte(strings.TrimSpace(inside))
	}
	return []byte(answer)
}

// decode reads JSON, with an error that a model can learn from.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := int(syntax.Offset)
		around := data[max(0, min(at, len(data))-30):min(at+10, len(data))]
		return fmt.Errorf("invalid JSON near %q: %w", strings.ToValidUTF8(string(around), ""), err)
	}
	return err
}
