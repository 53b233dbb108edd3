package openai

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// thoughtTag is how models mark where they think aloud.
var thoughtTag = regexp.MustCompile(`(?i)<(/?)(?:think|thinking|thought|reasoning|reflection)>`)

// withoutThoughts takes out what stands before an answer, between <think> and </think>. The opening tag may be missing,
// since it may be part of what the model is given. What is never closed has no answer after it. A tag inside a JSON value
// is somebody's words.
func withoutThoughts(s string) string {
	values := jsonValues(s)
	var out strings.Builder
	depth, from := 0, 0
	for _, at := range thoughtTag.FindAllStringSubmatchIndex(s, -1) {
		if slices.ContainsFunc(values, func(v span) bool { return v.from < at[0] && at[0] < v.to }) {
			continue
		}
		opens := at[2] == at[3]
		switch {
		case opens && depth == 0:
			out.WriteString(s[from:at[0]])
			depth = 1
		case opens:
			depth++
		case depth > 0:
			depth--
		default:
			out.Reset() // what came before was thought
		}
		from = at[1]
	}
	if depth == 0 {
		out.WriteString(s[from:])
	}
	return strings.TrimSpace(out.String())
}

// onlyObject finds the object with the required members in a text, as it is written there: alone, in a fence, between
// sentences, or inside another value such as a list of one. Two that differ are none: which one is the answer?
func onlyObject(s string, required []string) (string, bool) {
	var found []json.RawMessage
	for _, v := range jsonValues(s) {
		found = objectsIn(json.RawMessage(s[v.from:v.to]), required, found)
	}
	if len(found) == 0 {
		return "", false
	}
	for _, other := range found[1:] {
		if !sameJSON(found[0], other) {
			return "", false
		}
	}
	return string(found[0]), true
}

// span is a part of a text, from one byte to before another.
type span struct{ from, to int }

// jsonValues are the objects and lists in a text that are whole and not inside another one.
func jsonValues(s string) []span {
	var values []span
	for at := 0; at < len(s); {
		next := strings.IndexAny(s[at:], "{[")
		if next < 0 {
			break
		}
		at += next
		decoder := json.NewDecoder(strings.NewReader(s[at:]))
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			at++
			continue
		}
		end := at + int(decoder.InputOffset())
		values = append(values, span{at, end})
		at = end
	}
	return values
}

// objectsIn adds the outermost objects with the required members.
func objectsIn(value json.RawMessage, required []string, found []json.RawMessage) []json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) == nil {
		if object == nil {
			return found
		}
		missing := slices.ContainsFunc(required, func(name string) bool { _, has := object[name]; return !has })
		if !missing {
			return append(found, value)
		}
		for _, member := range object {
			found = objectsIn(member, required, found)
		}
		return found
	}
	var list []json.RawMessage
	_ = json.Unmarshal(value, &list) // anything but a list has nothing in it
	for _, item := range list {
		found = objectsIn(item, required, found)
	}
	return found
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
