package export

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
)

// A cell is nil for none, a bool, an int, a float64, a time.Time, a string for an id or a word of ours, or one of these.
type (
	// number is a phone number, "" for one that was erased.
	number string
	// text is what people, operators or services wrote or said.
	text string
	// texts are several of them.
	texts []string
	// variables are the values that came with a contact.
	variables map[string]string
)

// forViewer is a cell as somebody may see it who sees no phone numbers.
func forViewer(cell any) any {
	switch c := cell.(type) {
	case number:
		if c == "" {
			return c
		}
		return number(interview.MaskPhoneNumber(string(c)))
	case text:
		return text(evidence.ForViewer(string(c)))
	case texts:
		shown := make(texts, len(c))
		for i, t := range c {
			shown[i] = evidence.ForViewer(t)
		}
		return shown
	case variables:
		shown := make(variables, len(c))
		for name, value := range c {
			shown[name] = evidence.ForViewer(value)
		}
		return shown
	}
	return cell
}

// jsonCell is a cell as JSON has it: what is empty is null, but for a phone number and for lists.
func jsonCell(cell any) any {
	switch c := cell.(type) {
	case string:
		if c == "" {
			return nil
		}
	case text:
		if c == "" {
			return nil
		}
	case texts:
		return append(texts{}, c...)
	case variables:
		if c == nil {
			return variables{}
		}
	case time.Time:
		return c.UTC()
	}
	return cell
}

// csvCell is a cell as CSV has it. Only words can be taken for a formula; a number that is negative stays one.
func csvCell(cell any) string {
	switch c := cell.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(c)
	case int:
		return strconv.Itoa(c)
	case float64:
		return strconv.FormatFloat(c, 'f', -1, 64)
	case time.Time:
		return c.UTC().Format(time.RFC3339)
	case number:
		return HarmlessCell(string(c))
	case text:
		return HarmlessCell(string(c))
	case string:
		return HarmlessCell(c)
	case texts:
		return HarmlessCell(strings.Join(c, "; "))
	case variables:
		if len(c) == 0 {
			return ""
		}
		encoded, _ := json.Marshal(c) // strings alone: cannot fail
		return HarmlessCell(string(encoded))
	}
	return ""
}

// HarmlessCell keeps a spreadsheet from taking a cell of a CSV for a formula.
func HarmlessCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// orNone is the value that a pointer points to, or no cell.
func orNone[T any](pointer *T) any {
	if pointer == nil {
		return nil
	}
	return *pointer
}

// nonZero is a number, or no cell for 0.
func nonZero(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// consent is a consent as the API shows it: true, false, or none.
func consent(c interview.Consent) any {
	if c == interview.ConsentUnknown {
		return nil
	}
	return c == interview.ConsentGiven
}
