package rejection

import (
	"fmt"
	"strings"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// diagnosis is what package signature finds.
type diagnosis struct {
	causes []store.RejectionCause
	// signed and expected are the texts that were and should have been signed; nil where they are not known.
	signed, expected *signature.Text
}

// diagnose asks package signature for the causes. Nothing else here knows how it answers.
func (e *Explainer) diagnose(r *Request) (d diagnosis) {
	found := e.named.Diagnose(r.Request, signature.Suspects{Header: r.Header, URLs: suspectURLs(r), QueryNames: []string{"callId"},
		Accounts: e.settings.Accounts})
	for _, c := range found.Causes {
		cure := e.settingsCure(c)
		d.causes = append(d.causes, store.RejectionCause{Kind: string(c.Kind), Text: line(e.redactor.text(c.Text)), Proven: c.Proven, Cure: line(cure)})
	}
	if found.Proven() {
		d.signed, d.expected = found.Signed, &found.Expected
	}
	return d
}

// settingsCure is the cure in the settings of i-agent.
func (e *Explainer) settingsCure(c signature.Cause) string {
	switch known := cures[string(c.Kind)]; {
	case c.Kind == signature.CauseToken, c.Kind == signature.CauseAccount, c.Kind == signature.CauseUnknown, c.Cure == "":
		return known
	}
	return strings.ReplaceAll(strings.ReplaceAll(c.Cure, "set the public base URL to ", "set APP_URL="), "the public base URL", "APP_URL")
}

// render writes a text that is signed, with the length of each value in its place unless values are shown.
func (e *Explainer) render(t *signature.Text, values bool) string {
	if t == nil {
		return ""
	}
	url, query, _ := strings.Cut(t.URL, "?")
	params := make([]string, len(t.Params))
	for i, p := range t.Params {
		if params[i] = fmt.Sprintf("%s=%s", p.Name, p.Value); !values {
			params[i] = e.mask(p.Name, p.Length)
		}
	}
	if !values {
		url = e.redactor.path(url)
		var names []string
		for pair := range strings.SplitSeq(query, "&") {
			if name, value, _ := strings.Cut(pair, "="); pair != "" {
				names = append(names, e.mask(name, len(value)))
			}
		}
		query = strings.Join(names, "&")
	}
	if query != "" {
		url += "?" + query
	}
	if len(params) > 0 {
		url += " + " + strings.Join(params, "&")
	}
	return line(e.redactor.text(url))
}

// mask is a parameter with the length of its value.
func (e *Explainer) mask(name string, length int) string {
	if !plainName.MatchString(name) {
		return fmt.Sprintf("(%d)", len(name)+length)
	}
	return fmt.Sprintf("%s=(%d)", name, length)
}
