package demo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/simulator"
)

// Model answers as a language model would that has read the study: what the application asks for structured output of
// the form schema, by what the transcript in the last message says. messages are the texts of the chat, in order.
//
// It notes what the people of the study said, whatever they were asked, and judges by counting stances. It knows the form
// of the application's prompts and nothing else of it.
func (s Study) Model(messages []string, schema string) (string, error) {
	if len(messages) == 0 {
		return "", fmt.Errorf("nothing was asked")
	}
	prompt := messages[len(messages)-1]
	var answer any
	switch schema {
	case "claims":
		answer = map[string]any{"claims": s.notes(prompt)}
	case "verdict":
		answer = verdictOf(prompt)
	default:
		return "", fmt.Errorf("the demo's model does not know the form %q", schema)
	}
	text, err := json.Marshal(answer)
	return string(text), err
}

// notes are the claims of a transcript.
func (s Study) notes(prompt string) []map[string]any {
	ids := map[int]string{}
	for _, row := range table(prompt, "Hypotheses, as ") {
		for i, h := range s.Hypotheses {
			if len(row) == 2 && row[1] == h.Question {
				ids[i] = row[0]
			}
		}
	}
	claims := []map[string]any{}
	for _, row := range table(prompt, "Transcript, as ") {
		if len(row) != 4 || row[1] == "agent" {
			continue
		}
		number, _ := strconv.Atoi(row[0])
		for _, note := range s.heard(row[3]) {
			if ids[note.Hypothesis] == "" {
				continue
			}
			claims = append(claims, map[string]any{
				"hypothesisId": ids[note.Hypothesis], "field": note.Field, "valueNumber": note.Number, "valueText": nil, "unit": note.Unit,
				"skuId": nil, "geoCode": nil, "statement": note.Text, "quote": note.Quote, "utterance": number, "stance": note.Stance,
				"confidence": note.Confidence,
			})
		}
	}
	return claims
}

// Claims is how many claims a call comes to with the study's model.
func (s Study) Claims(truth simulator.Truth) (claims int) {
	for _, recording := range truth.Recordings {
		for _, said := range recording.Person {
			claims += len(s.heard(evidence.Redact(said)))
		}
	}
	return claims
}

// heard finds the lines of the study in an utterance.
func (s Study) heard(utterance string) []Note {
	var notes []Note
	for _, person := range s.People {
		for _, line := range person.Lines {
			if strings.Contains(plain(utterance), plain(evidence.Redact(line.Say))) {
				notes = append(notes, line.Notes...)
			}
		}
	}
	return notes
}

// plain leaves case, white space and the punctuation of sentences out of a comparison.
func plain(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" \t\n,;!?", r) }), " ")
}

// decided is the share of all claims that must point one way for a verdict.
const decided = 0.7

// verdictOf counts the stances of the claims.
func verdictOf(prompt string) map[string]any {
	count := map[string]int{}
	total := 0
	for _, row := range table(prompt, "Claims, as ") {
		if len(row) >= 3 {
			count[row[2]]++
			total++
		}
	}
	verdict := "INCONCLUSIVE"
	switch most := decided * float64(total); {
	case total == 0:
	case float64(count["supports"]) >= most:
		verdict = "VALIDATED"
	case float64(count["contradicts"]) >= most:
		verdict = "INVALIDATED"
	}
	return map[string]any{
		"verdict":    verdict,
		"conclusion": fmt.Sprintf("Claims: %d, for the hypothesis: %d, against it: %d.", total, count["supports"], count["contradicts"]),
		"reasons":    []string{fmt.Sprintf("%d claims say neither.", count["neither"])},
	}
}

// table reads the rows that follow a line with this heading, until an empty one.
func table(prompt, heading string) [][]string {
	var rows [][]string
	found := false
	for line := range strings.Lines(prompt) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, heading):
			found = true
		case found && line == "":
			return rows
		case found:
			rows = append(rows, strings.Split(line, " | "))
		}
	}
	return rows
}
