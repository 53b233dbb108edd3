package console

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/i-agent/iagent/internal/interview"
)

// The bounds of one import.
const (
	maxImportBytes = 2 << 20
	maxImportLines = 10_000
)

// importLine is a line of what somebody pasted or uploaded.
type importLine struct {
	line int
	// written is the beginning of what stands there.
	written string
	// number is E.164, "" when it cannot be called; then problem says why.
	number, problem string
}

// readNumbers reads a number from each line. A line may have several columns, separated by commas, semicolons or tabs: the first
// that looks like a number counts. Blank lines are skipped, and so is a first line without digits, which names the columns.
func readNumbers(text string) ([]importLine, error) {
	if len(text) > maxImportBytes {
		return nil, &badRequest{fmt.Sprintf("The numbers are over %d MiB.", maxImportBytes>>20)}
	}
	if !utf8.ValidString(text) {
		return nil, &badRequest{"The numbers are not UTF-8 text."}
	}
	var lines []importLine
	seen := map[string]int{}
	n := 0
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff"))) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || len(lines) == 0 && !strings.ContainsFunc(line, unicode.IsDigit) {
			continue
		}
		if len(lines) == maxImportLines {
			return nil, &badRequest{fmt.Sprintf("These are more than %d numbers. Import them in parts.", maxImportLines)}
		}
		l := importLine{line: n, written: excerpt(line, 60)}
		l.number, l.problem = numberIn(line)
		if first, again := seen[l.number]; l.number != "" && again {
			l.number, l.problem = "", fmt.Sprintf("the number of line %d again", first)
		} else if l.number != "" {
			seen[l.number] = n
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// numberIn is the number of a line as E.164, or what is wrong with the line.
func numberIn(line string) (number, problem string) {
	columns := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == '\t' })
	problem = "has no number"
	for _, column := range columns {
		digits, plus, ok := numberDigits(column)
		switch {
		case !ok:
		case !plus:
			if problem = "has no country code: write +1… or 001…"; len(digits) < 7 {
				problem = "has no number"
			}
		case !interview.ValidPhoneNumber("+" + digits):
			return "", "is no number: after + there are 7 to 15 digits, of which the first is not 0"
		default:
			return "+" + digits, ""
		}
	}
	return "", problem
}

// numberDigits are the digits of a column that is a number and nothing else, and whether it begins with + or 00.
func numberDigits(column string) (digits string, plus, ok bool) {
	column = strings.TrimSpace(strings.Trim(strings.TrimSpace(column), `"'`))
	column = strings.TrimPrefix(column, "tel:")
	column, plus = strings.CutPrefix(column, "+")
	kept := strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\u00a0' || r == '\u2009' || r == '\u202f' || r == '-' || r == '\u2010' || r == '\u2011' || r == '\u2013' || r == '.' || r == '(' || r == ')' || r == '/':
			return -1
		}
		return r
	}, column)
	if kept == "" || strings.Trim(kept, "0123456789") != "" {
		return "", false, false
	}
	if rest, found := strings.CutPrefix(kept, "00"); found && !plus {
		return rest, true, true
	}
	return kept, plus, true
}

// excerpt is the beginning of a text.
func excerpt(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
