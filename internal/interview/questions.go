package interview

import (
	"regexp"
	"slices"
	"strings"
)

// placeholder stands in a question for one of the contact's variables: {{name}}.
var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// FillQuestions returns the questions with the variables in them. A variable that has no value, or a blank one, is missing: its
// name is returned, each once in the order of the questions, and its placeholder stays. A value is spoken as it is, whatever is in
// it; line breaks and other white space in it become spaces.
func FillQuestions(questions []string, variables map[string]string) (filled, missing []string) {
	filled = make([]string, len(questions))
	for i, question := range questions {
		filled[i] = placeholder.ReplaceAllStringFunc(question, func(written string) string {
			name := placeholder.FindStringSubmatch(written)[1]
			value := strings.Join(strings.Fields(variables[name]), " ")
			if value == "" {
				if !slices.Contains(missing, name) {
					missing = append(missing, name)
				}
				return written
			}
			return value
		})
	}
	return filled, missing
}
