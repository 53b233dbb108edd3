package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ScriptedModel returns a [Config.Model] that answers as a reader of the scripts would. It knows what people say, and from
// [Answer.Claims] what is to be noted of it; of the application it knows nothing but what a request says.
//
// A request is for claims if its schema has a list of objects with a quote; each claim of each line that is found in the messages
// becomes an object. It is for a verdict if its schema has a property with values such as VALIDATED, INVALIDATED and
// INCONCLUSIVE; the words supports and contradicts in the rows of the messages are counted, and 70 % of one decide. Everything else,
// and each property whose name says nothing, is answered as by [MinimalModel].
func ScriptedModel(people People) func(ctx context.Context, request ChatRequest) (string, error) {
	m := scriptedModel{}
	for _, script := range people.Scripts {
		for _, answer := range script.Answers {
			if !slices.ContainsFunc(m.answers, func(a Answer) bool { return a.Say == answer.Say }) {
				m.answers = append(m.answers, answer)
			}
		}
	}
	return m.answer
}

// scriptedModel has the lines of all people, each once.
type scriptedModel struct{ answers []Answer }

func (m scriptedModel) answer(ctx context.Context, request ChatRequest) (string, error) {
	var s schema
	if len(request.Schema) == 0 || json.Unmarshal(request.Schema, &s) != nil {
		return MinimalModel(ctx, request)
	}
	value, err := s.minimal()
	if err != nil {
		return "", fmt.Errorf("schema %q: %w", request.SchemaName, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return MinimalModel(ctx, request)
	}
	rows := rowsOf(request.Messages)
	for name, property := range s.Properties {
		switch {
		case property.Items != nil && property.Items.names("quote") != "":
			if object[name], err = m.claims(*property.Items, rows); err != nil {
				return "", err
			}
		case property.word("validated", "supported", "confirmed", "true") != "" && property.word("invalidated", "refuted", "rejected", "false") != "":
			judge(object, name, s, rows)
		}
	}
	text, err := json.Marshal(object)
	return string(text), err
}

// rowsOf are the lines of all messages but the system's, which are the application's instructions.
func rowsOf(messages []ChatMessage) []string {
	var rows []string
	for _, m := range messages {
		if m.Role == "system" || m.Role == "developer" {
			continue
		}
		for row := range strings.Lines(m.Content) {
			if row = strings.TrimSpace(row); row != "" {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// claims are those of the lines that were said, in the order of the rows in which they are found.
func (m scriptedModel) claims(item schema, rows []string) ([]any, error) {
	claims := []any{}
	hypotheses := item.hypotheses(rows)
	for n, row := range rows {
		for place, answer := range m.answers {
			for _, claim := range answer.Claims {
				quote := answer.quote(claim)
				if !strings.Contains(plainWords(row), plainWords(quote)) {
					continue
				}
				object, err := item.minimal()
				if err != nil {
					return nil, err
				}
				filled, ok := object.(map[string]any)
				if !ok {
					continue
				}
				id, ok := hypotheses.find(claim, place)
				if !ok {
					continue
				}
				item.fill(filled, claim, quote, id, utterance(row, n))
				claims = append(claims, filled)
			}
		}
	}
	return claims, nil
}

// quote is what proves a claim, as it was heard.
func (a Answer) quote(c Claim) string {
	switch {
	case c.Quote != "":
		return c.Quote
	case a.Heard != "":
		return a.Heard
	}
	return a.Say
}

// fill sets the properties whose names are known, where the schema allows the value.
func (s schema) fill(object map[string]any, claim Claim, quote, hypothesis string, utterance int) {
	stance := "neither"
	if claim.Supports != nil {
		stance = map[bool]string{true: "supports", false: "contradicts"}[*claim.Supports]
	}
	set := func(name string, value any) {
		p, ok := s.Properties[name]
		if text, isText := value.(string); ok && isText && len(p.Enum) > 0 && !slices.Contains(p.Enum, any(text)) {
			return
		}
		if ok {
			object[name] = value
		}
	}
	set(s.names("hypothesis"), hypothesis)
	set(s.names("field"), claim.Field)
	set(s.names("unit"), claim.Unit)
	set(s.names("statement"), "It was said: "+quote)
	set(s.names("quote"), quote)
	set(s.names("stance"), stance)
	set(s.names("confidence"), 0.9)
	set(s.names("utterance"), utterance)
	if claim.Number != nil {
		set(s.names("number"), *claim.Number)
	}
}

// names is the property whose name has a word in it, in the order of the alphabet; "" when none has.
func (s schema) names(word string) string {
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if strings.Contains(strings.ToLower(name), word) {
			return name
		}
	}
	return ""
}

// word is the first value of an enum that is one of these words, whatever its case.
func (s schema) word(words ...string) string {
	for _, value := range s.Enum {
		if text, ok := value.(string); ok && slices.Contains(words, strings.ToLower(text)) {
			return text
		}
	}
	return ""
}

var leadingNumber = regexp.MustCompile(`^\W*(\d+)\b`)

// utterance is the number with which a row begins, or its place in the messages, from 1.
func utterance(row string, n int) int {
	if found := leadingNumber.FindStringSubmatch(row); found != nil {
		if number, err := strconv.Atoi(found[1]); err == nil {
			return number
		}
	}
	return n + 1
}

// judge sets the verdict of an object, and fills its texts and lists of texts with a sentence.
func judge(object map[string]any, name string, s schema, rows []string) {
	supports, contradicts, neither := 0, 0, 0
	for _, row := range rows {
		words := strings.FieldsFunc(strings.ToLower(row), func(r rune) bool { return strings.ContainsRune(" |\t,:;\"", r) })
		switch {
		case !leadingNumber.MatchString(row):
		case slices.Contains(words, "supports"):
			supports++
		case slices.Contains(words, "contradicts"):
			contradicts++
		case slices.Contains(words, "neither"):
			neither++
		}
	}
	const decided = 0.7
	total := supports + contradicts + neither
	verdict := s.Properties[name].word("inconclusive", "undecided", "unknown", "neither")
	switch {
	case total > 0 && float64(supports) >= decided*float64(total):
		verdict = s.Properties[name].word("validated", "supported", "confirmed", "true")
	case total > 0 && float64(contradicts) >= decided*float64(total):
		verdict = s.Properties[name].word("invalidated", "refuted", "rejected", "false")
	}
	if verdict != "" {
		object[name] = verdict
	}
	sentence := fmt.Sprintf("Claims: %d, for the hypothesis: %d, against it: %d.", total, supports, contradicts)
	for other, property := range s.Properties {
		switch {
		case other == name || !slices.Contains(s.Required, other):
		case slices.Contains(property.Type, "string") && len(property.Enum) == 0:
			object[other] = sentence
		case property.Items != nil && slices.Contains(property.Items.Type, "string"):
			object[other] = []string{fmt.Sprintf("%d claims say neither.", neither)}
		}
	}
}

// plainWords leaves case, white space and the punctuation of sentences out of a comparison.
func plainWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t\n,;!?\"", r) }), " ")
}

// hypotheses are those that a request asks about: the ids that its schema allows, each with the row that has it.
type hypotheses []hypothesis

type hypothesis struct{ id, row string }

func (s schema) hypotheses(rows []string) hypotheses {
	var list hypotheses
	for _, value := range s.Properties[s.names("hypothesis")].Enum {
		id, ok := value.(string)
		if !ok {
			continue
		}
		row := ""
		if n := slices.IndexFunc(rows, func(row string) bool { return strings.Contains(row, id) }); n >= 0 {
			row = rows[n]
		}
		list = append(list, hypothesis{id, row})
	}
	return list
}

// find is the id of the hypothesis whose row has the claim's words. A claim that names none is for any: that of the line's place
// among all lines. It is false when the claim speaks to none of the hypotheses.
func (list hypotheses) find(claim Claim, place int) (string, bool) {
	switch {
	case len(list) == 0:
		return claim.Hypothesis, true
	case claim.Hypothesis == "":
		return list[place%len(list)].id, true
	}
	for _, h := range list {
		if strings.Contains(plainWords(h.row), plainWords(claim.Hypothesis)) {
			return h.id, true
		}
	}
	return "", false
}
