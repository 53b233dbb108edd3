package rejection

import (
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/signature"
)

// diagnosis is what package signature finds.
type diagnosis struct {
	causes []store.RejectionCause
	// signed and expected are texts without values, "" where they are not known.
	signed, expected string
}

// diagnose asks package signature for the causes. Nothing else here knows how it answers.
func (e *Explainer) diagnose(r *Request) (d diagnosis) {
	for _, c := range e.named.Explain(r.Request, signature.Suspects{URLs: suspectURLs(r)}) {
		d.causes = append(d.causes, store.RejectionCause{Kind: string(c.Kind), Text: line(c.Text), Proven: c.Proven})
	}
	return d
}
