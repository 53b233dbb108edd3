package webhook_test

import (
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/webhook"
)

func TestPreviewSaysAllThatTheScriptSays(t *testing.T) {
	for _, mode := range []interview.AnswerMode{interview.AnswerPause, interview.AnswerGather} {
		script := interview.Script{CampaignName: "Oats & <milk>", Questions: []string{"How much?", "Why?"}, AnswerMode: mode, Language: "es-MX"}
		replies, err := webhook.New(webhook.Config{}).Preview("", script)
		if err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		for _, r := range replies {
			if !r.Otherwise {
				said.Write(r.TwiML)
			}
		}
		rest := said.String()
		for _, want := range []string{"sobre Oats &amp; &lt;milk&gt;.", "Diga sí o pulse 1, o diga no o pulse 2.", script.Thanks(), `language="es-MX">How much?`, `language="es-MX">Why?`, script.Goodbye()} {
			_, after, ok := strings.Cut(rest, want)
			if !ok {
				t.Fatalf("%s: no %q in its place:\n%s", mode, want, said.String())
			}
			rest = after
		}
		var otherwise []string
		for _, r := range replies {
			if r.Otherwise {
				otherwise = append(otherwise, string(r.TwiML))
			}
		}
		for i, want := range []string{script.Declined(), script.ConsentAgain(), script.NotUnderstood(), script.NoMessage()} {
			if len(otherwise) != 4 || !strings.Contains(otherwise[i], want) {
				t.Errorf("%s: no %q: %q", mode, want, otherwise)
			}
		}
	}
}
