package rejection

import (
	"strings"

	"github.com/i-agent/iagent/internal/explain"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// diagnosis is what package signature finds.
type diagnosis struct {
	causes []store.RejectionCause
	// signed and expected are the texts that were and should have been signed; nil where nothing is proven.
	signed, expected *signature.Text
}

// diagnose asks package signature for the causes. Nothing else here knows how it answers.
func (e *Explainer) diagnose(r *Request) (d diagnosis) {
	found := e.named.Diagnose(r.Request, signature.Suspects{Header: r.Header, URLs: suspectURLs(r), QueryNames: []string{"callId"},
		Accounts: e.settings.Accounts})
	for _, c := range found.Causes {
		d.causes = append(d.causes, store.RejectionCause{Kind: string(c.Kind), Text: e.redactor.line(c.Text), Proven: c.Proven, Cure: e.redactor.line(explain.Cure(c))})
	}
	if found.Proven() {
		d.signed, d.expected = found.Signed, &found.Expected
	}
	return d
}

// maskText is a text that is signed without values: what may be stored.
func (e *Explainer) maskText(t *signature.Text) *signature.Text {
	if t == nil {
		return nil
	}
	url, query, found := strings.Cut(t.URL, "?")
	m := &signature.Text{URL: e.redactor.path(url)}
	if found {
		var names []string
		for pair := range strings.SplitSeq(query, "&") {
			name, _, _ := strings.Cut(pair, "=")
			names = append(names, maskedName(name)+"=…")
		}
		m.URL += "?" + line(strings.Join(names, "&"))
	}
	for _, p := range t.Params[:min(len(t.Params), maxParams)] {
		m.Params = append(m.Params, signature.Param{Name: maskedName(p.Name), Length: p.Length, Masked: true})
	}
	return m
}

// maskedName is a name, unless it may be a value.
func maskedName(name string) string {
	if !plainName.MatchString(name) {
		return "…"
	}
	return name
}

// showText is a text with its values, but for secrets and numbers.
func (e *Explainer) showText(t *signature.Text) *signature.Text {
	shown := &signature.Text{URL: e.redactor.text(t.URL)}
	for _, p := range t.Params {
		p.Value = e.redactor.text(p.Value)
		shown.Params = append(shown.Params, p)
	}
	return shown
}
