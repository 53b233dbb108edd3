package openai

import (
	"errors"
	"net/http"
	"strings"
	"sync"
)

// forms remembers which form of a request the server takes: 0 is the best, and each one after it asks for less.
type forms struct {
	mu sync.Mutex
	// first is the form that requests begin with, and answered says that the server has answered it.
	first    int
	answered bool
	// faults counts how often in a row the server answered first with 5xx.
	faults int
}

// mostFaults is how often a form may be answered with 5xx before the next one is tried: a server that fails at one form
// always says so in no other way.
const mostFaults = 2

// inForm asks in the best form that the server takes, and in the next one when it refuses this one, as far as plainest.
// What it took is remembered. least is the best form worth trying. The error is that of the last request.
func inForm[T any](f *forms, least, plainest int, ask func(form int) (T, error)) (T, error) {
	first, refused := max(f.begin(), least), false
	for form := first; ; form++ {
		result, err := ask(form)
		if err == nil {
			f.took(form, refused)
			return result, nil
		}
		var e *Error
		if form == plainest || !errors.As(err, &e) {
			return result, err
		}
		refusal := e.refusesForm()
		if !refusal && !(e.Status >= http.StatusInternalServerError && f.failed(form)) {
			return result, err
		}
		refused = refused || refusal
	}
}

func (f *forms) begin() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first
}

// took notes the form that was answered. One that was only tried because of the server's faults is remembered unless a
// better one was ever answered: the faults may have passed.
func (f *forms) took(form int, refused bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case form > f.first && (refused || !f.answered):
		f.first = form
	case form != f.first:
		return
	}
	f.answered, f.faults = true, 0
}

// failed counts a 5xx and reports whether the next form is worth a try.
func (f *forms) failed(form int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if form == f.first {
		f.faults++
	}
	return f.faults >= mostFaults
}

// refusesForm reports that the server disliked the form of the answer that we asked for, or may have: not the key, the
// model, the size or the audio.
func (e *Error) refusesForm() bool {
	words := strings.ToLower(e.Code + " " + e.Param + " " + e.Message + " " + e.raw)
	switch e.Status {
	case http.StatusNotFound, http.StatusInternalServerError:
		return containsAny(words, formWords)
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusNotImplemented:
		return containsAny(words, formWords) || !containsAny(words, otherWords)
	}
	return false
}

// The words by which servers name what they refuse.
var (
	formWords = []string{
		"response_format", "response format", "verbose_json", "timestamp_granularit", "json_schema", "json_object", "schema", "anyof",
		"structured output", "grammar", "guided",
	}
	otherWords = []string{
		"file", "audio", "decod", "too short", "too long", "too large", "context", "token", "api key", "api_key", "model",
		"policy", "moderation", "quota", "billing", "credit", "language",
	}
)

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
