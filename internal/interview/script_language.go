package interview

import (
	"cmp"
	"slices"
	"strings"
)

// DefaultLanguage is spoken where a campaign names no language.
const DefaultLanguage = "en-US"

// LanguageCode is the ISO 639-1 code of Language, which speech-to-text takes, or "" for a language that has none.
func (s Script) LanguageCode() string {
	code, _ := splitLanguage(s.Language)
	if len(code) != 2 {
		return ""
	}
	return code
}

// LanguageName is the language in English words and as a tag, such as "Spanish (es-MX)"; the tag alone where we have no texts in it.
func (s Script) LanguageName() string {
	tag := cmp.Or(s.Language, DefaultLanguage)
	primary, _ := splitLanguage(tag)
	if texts, ok := scriptTextsIn(primary); ok {
		return texts.name + " (" + tag + ")"
	}
	return tag
}

// SpokenLanguage is the language of our own texts, as a Say takes it: the script's where we have texts in it, else English. The
// region is kept where Twilio speaks it; else the nearest is taken.
func (s Script) SpokenLanguage() string {
	primary, region := splitLanguage(s.Language)
	texts, ok := scriptTextsIn(primary)
	switch {
	case !ok:
		return DefaultLanguage
	case region == "":
		return texts.language
	case s.Voice != "" || slices.Contains(texts.regions, region):
		return primary + "-" + region // a voice has a region of its own, and whoever chose it chose that too
	}
	return primary + "-" + cmp.Or(texts.nearest[region], texts.elsewhere)
}

// SpokenVoice is the voice of our own texts, "" for Twilio's default. A voice of another language does not speak them.
func (s Script) SpokenVoice() string {
	if primary, _ := splitLanguage(s.Language); !speaks(primary) {
		return ""
	}
	return s.Voice
}

// QuestionLanguage is the language of the questions, as a Say takes it: theirs, whether we have texts in it or not.
func (s Script) QuestionLanguage() string {
	if primary, _ := splitLanguage(s.Language); !speaks(primary) {
		return s.Language
	}
	return s.SpokenLanguage()
}

// HeardLanguage is the language in which the person answers, as a Gather takes it: with the script's region, or with the one that
// is the default of its language. A Gather refuses a language without a region.
func (s Script) HeardLanguage() string {
	primary, region := splitLanguage(s.Language)
	texts, ok := scriptTextsIn(primary)
	switch {
	case !ok:
		return s.Language
	case region == "":
		return texts.language
	}
	return primary + "-" + region
}

// texts are the texts of the script's language, English where there are none.
func (s Script) texts() *scriptTexts {
	primary, _ := splitLanguage(s.Language)
	if texts, ok := scriptTextsIn(primary); ok {
		return texts
	}
	return &englishTexts
}

func speaks(primary string) bool {
	_, ok := scriptTextsIn(primary)
	return ok
}

// splitLanguage returns the primary subtag of a BCP 47 tag in lower case, English for none, and the region in upper case, "" for none.
func splitLanguage(tag string) (primary, region string) {
	parts := strings.Split(strings.ReplaceAll(cmp.Or(strings.TrimSpace(tag), DefaultLanguage), "_", "-"), "-")
	for _, part := range parts[1:] {
		if len(part) == 2 || len(part) == 3 && part[0] >= '0' && part[0] <= '9' {
			region = strings.ToUpper(part)
			break
		}
		if len(part) == 1 { // extensions follow
			break
		}
	}
	return strings.ToLower(parts[0]), region
}
