package pipeline

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestModelIsToldTheLanguageOfTheInterview(t *testing.T) {
	for tag, want := range map[string]string{"es-MX": "Spanish (es-MX)", "": "English (en-US)", "ja-JP": "ja-JP"} {
		q := extractionQuestion(interview.Extraction{Call: interview.Call{Script: interview.Script{Language: tag}}})
		if !strings.Contains(q.user, "Language of the interview: "+want+". Quotes stay in it") {
			t.Errorf("%q: asked %q", tag, q.user)
		}
	}
}
