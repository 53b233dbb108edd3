package console

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
)

// spokenPart is what somebody on the phone hears at one point of a call.
type spokenPart struct {
	interview.ScriptReply
	lines  []spokenLine
	pieces []span // its TwiML
}

// spokenLine is one thing that is said, or done where nothing is.
type spokenLine struct {
	// text is spoken, "" for what is not speech; then what says what happens.
	text, what string
	// language and voice are those of Twilio's <Say>, in words.
	language, voice string
}

// script is what calls of a campaign say, read from the TwiML that they are answered.
func (c *Console) script(campaign interview.Campaign) ([]spokenPart, error) {
	if c.spoken == nil {
		return nil, nil
	}
	replies, err := c.spoken(interview.Script{CampaignName: campaign.Name, Category: campaign.Category, Questions: interview.Questions(campaign.PromptTemplate),
		AnswerMode: campaign.AnswerMode, Language: campaign.Language, Identity: campaign.Identity, Voice: campaign.Voice})
	if err != nil {
		return nil, fmt.Errorf("previewing the script: %w", err)
	}
	parts := make([]spokenPart, len(replies))
	for n, reply := range replies {
		lines, err := spokenLines(reply.TwiML)
		if err != nil {
			return nil, fmt.Errorf("previewing the script: %w", err)
		}
		pieces, _ := readTwiML(reply.TwiML)
		parts[n] = spokenPart{reply, lines, pieces}
	}
	return parts, nil
}

// spokenLines are what a document says, up to the first <Gather> after which Twilio asks us again even when there was silence: what
// follows that one is not heard.
func spokenLines(document []byte) ([]spokenLine, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var lines []spokenLine
	var say *spokenLine
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading TwiML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "Say":
				say = &spokenLine{language: cmp.Or(attribute(t, "language"), interview.DefaultLanguage), voice: cmp.Or(attribute(t, "voice"), "Twilio's default voice")}
			case "Pause":
				lines = append(lines, spokenLine{what: "silence of " + attribute(t, "length") + " seconds for the answer"})
			case "Recording":
				lines = append(lines, spokenLine{what: "the recording begins"})
			case "Hangup":
				lines = append(lines, spokenLine{what: "the call is ended"})
			case "Gather":
				// What is said within a Gather comes before the wait.
				inner, err := gathered(decoder, t)
				lines = append(lines, inner...)
				if err != nil || attribute(t, "actionOnEmptyResult") == "true" {
					return lines, err
				}
			}
		case xml.CharData:
			if say != nil {
				say.text += string(t)
			}
		case xml.EndElement:
			if say != nil && t.Name.Local == "Say" {
				lines, say = append(lines, *say), nil
			}
		}
	}
}

// gathered are the lines of a <Gather>, and what it waits for.
func gathered(decoder *xml.Decoder, start xml.StartElement) ([]spokenLine, error) {
	var gather struct {
		Say []struct {
			Text     string `xml:",chardata"`
			Language string `xml:"language,attr"`
			Voice    string `xml:"voice,attr"`
		}
	}
	if err := decoder.DecodeElement(&gather, &start); err != nil {
		return nil, fmt.Errorf("reading TwiML: %w", err)
	}
	var lines []spokenLine
	for _, say := range gather.Say {
		lines = append(lines, spokenLine{text: say.Text, language: cmp.Or(say.Language, interview.DefaultLanguage), voice: cmp.Or(say.Voice, "Twilio's default voice")})
	}
	input, language := attribute(start, "input"), cmp.Or(attribute(start, "language"), interview.DefaultLanguage)
	awaited := "a key"
	switch {
	case strings.Contains(input, "speech") && strings.Contains(input, "dtmf"):
		awaited = "speech (" + language + ") or a key"
	case strings.Contains(input, "speech"):
		awaited = "speech (" + language + ")"
	}
	return append(lines, spokenLine{what: "waits up to " + attribute(start, "timeout") + " seconds for " + awaited}), nil
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
