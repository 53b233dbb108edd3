package interview

import (
	"regexp"
	"slices"
)

// placeholder is where a question names a variable of the contact: {{name}}.
var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// FillQuestions puts a contact's variables into questions. What has no value is left as it is, and named in missing.
func FillQuestions(questions []string, variables map[string]string) (filled, missing []string) {
	filled = make([]string, len(questions))
	for i, q := range questions {
		filled[i] = placeholder.ReplaceAllStringFunc(q, func(found string) string {
			name := placeholder.FindStringSubmatch(found)[1]
			if value := variables[name]; value != "" {
				return value
			}
			if !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
			return found
		})
	}
	return filled, missing
}
