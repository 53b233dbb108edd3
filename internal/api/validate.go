package api

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/i-agent/iagent/internal/interview"
)

// Bounds of what may be said, in characters. Twilio refuses a <Say> of more than 4,096 and a document of more than 64 KB
// (Twilio: Say, Error 11750).
const (
	maxName       = 200
	maxTemplate   = 20_000
	maxQuestion   = 1_000
	maxQuestions  = 50
	maxHypotheses = 100
	// maxNumbers is how many calls one request may ask for.
	maxNumbers = 1_000
)

// invalid is the answer that names every fault.
func invalid(faults []fault) *problem {
	const most = 10
	texts := make([]string, 0, most+1)
	for i, f := range faults {
		if i == most {
			texts = append(texts, fmt.Sprintf("and %d more", len(faults)-most))
			break
		}
		text := f.Field + " " + f.Error
		if f.Value != "" {
			text = fmt.Sprintf("%s %q %s", f.Field, f.Value, f.Error)
		}
		texts = append(texts, text)
	}
	return &problem{status: http.StatusUnprocessableEntity, message: strings.Join(texts, "; "), fields: faults}
}

func (c newCampaign) faults() []fault {
	faults := textFaults("name", c.Name, maxName, true)
	faults = append(faults, textFaults("category", c.Category, maxName, false)...)
	faults = append(faults, templateFaults(c.PromptTemplate)...)
	faults = append(faults, statusFaults(c.Status)...)
	faults = append(faults, modeFaults(c.AnswerMode)...)
	faults = append(faults, languageFaults(c.Language)...)
	faults = append(faults, c.calling.faults()...)
	if c.Status == interview.CampaignActive {
		faults = append(faults, identityFaults(c.Identity.Missing())...)
	}
	if c.StopWhenDecided && len(c.Hypotheses) == 0 {
		faults = append(faults, nothingToDecide())
	}
	if len(c.Hypotheses) > maxHypotheses {
		return append(faults, fault{Field: "hypotheses", Error: fmt.Sprintf("must not be more than %d", maxHypotheses)})
	}
	for i, h := range c.Hypotheses {
		faults = append(faults, textFaults(fmt.Sprintf("hypotheses[%d].question", i), h.Question, maxQuestion, true)...)
	}
	return faults
}

func (c campaignChange) faults() []fault {
	var faults []fault
	if c.Name != nil {
		faults = append(faults, textFaults("name", *c.Name, maxName, true)...)
	}
	if c.Category != nil {
		faults = append(faults, textFaults("category", *c.Category, maxName, false)...)
	}
	if c.PromptTemplate != nil {
		faults = append(faults, templateFaults(*c.PromptTemplate)...)
	}
	if c.Status != nil {
		faults = append(faults, statusFaults(*c.Status)...)
	}
	if c.AnswerMode != nil {
		faults = append(faults, modeFaults(*c.AnswerMode)...)
	}
	if c.Language != nil {
		faults = append(faults, languageFaults(*c.Language)...)
	}
	faults = append(faults, c.callingChange.faults()...)
	return append(faults, c.holdFaults()...)
}

func statusFaults(s interview.CampaignStatus) []fault {
	if s.Valid() {
		return nil
	}
	return []fault{{Field: "status", Value: excerpt(string(s)), Error: "must be DRAFT, ACTIVE, PAUSED or COMPLETED"}}
}

func languageFaults(tag string) []fault {
	if _, err := language.Parse(tag); err != nil {
		return []fault{{Field: "language", Value: tag, Error: "must be a BCP 47 language tag such as en-US"}}
	}
	return nil
}

// canonicalLanguage writes a valid language tag in its usual case: en-us becomes en-US.
func canonicalLanguage(tag string) string { return language.Make(tag).String() }

func modeFaults(m interview.AnswerMode) []fault {
	if m.Valid() {
		return nil
	}
	return []fault{{Field: "answerMode", Value: excerpt(string(m)), Error: "must be pause or gather"}}
}

func templateFaults(template string) []fault {
	faults := textFaults("promptTemplate", template, maxTemplate, false)
	questions := interview.Questions(template)
	if len(questions) > maxQuestions {
		faults = append(faults, fault{Field: "promptTemplate", Error: fmt.Sprintf("must not ask more than %d questions", maxQuestions)})
	}
	for i, q := range questions {
		if utf8.RuneCountInString(q) > maxQuestion {
			faults = append(faults, fault{Field: "promptTemplate",
				Error: fmt.Sprintf("must not have a question of more than %d characters: question %d has", maxQuestion, i+1)})
		}
	}
	return faults
}

func textFaults(field, text string, most int, required bool) []fault {
	switch {
	case required && strings.TrimSpace(text) == "":
		return []fault{{Field: field, Error: "must not be empty"}}
	case utf8.RuneCountInString(text) > most:
		return []fault{{Field: field, Error: fmt.Sprintf("must not have more than %d characters", most)}}
	case strings.ContainsFunc(text, invalidInXML):
		return []fault{{Field: field, Error: "must not have control characters"}}
	}
	return nil
}

// invalidInXML characters cannot stand in XML, so they would make of our TwiML what Twilio refuses.
func invalidInXML(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	case 0x7f, 0xfffe, 0xffff:
		return true
	}
	return r < ' '
}

// numberFaults names every number that must not be dialled. A number that is there twice would be called twice.
func numberFaults(numbers []string) []fault {
	switch {
	case len(numbers) == 0:
		return []fault{{Field: "phoneNumbers", Error: "must not be empty"}}
	case len(numbers) > maxNumbers:
		return []fault{{Field: "phoneNumbers", Error: fmt.Sprintf("must not be more than %d", maxNumbers)}}
	}
	var faults []fault
	seen := make(map[string]bool, len(numbers))
	for i, number := range numbers {
		field := fmt.Sprintf("phoneNumbers[%d]", i)
		switch {
		case !interview.ValidPhoneNumber(number):
			faults = append(faults, fault{Field: field, Value: excerpt(number), Error: "is not an E.164 number, as in +15551234567"})
		case seen[number]:
			faults = append(faults, fault{Field: field, Value: number, Error: "is there twice"})
		}
		seen[number] = true
	}
	return faults
}

func inactive(status interview.CampaignStatus) fault {
	return fault{Field: "campaign", Value: string(status), Error: "is not ACTIVE"}
}

// excerpt is the beginning of what was sent.
func excerpt(s string) string {
	const most = 40
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}
