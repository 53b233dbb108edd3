package e2etest

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/i-agent/iagent/simulator"
)

var (
	hypothesisLine = regexp.MustCompile(`(?m)^([0-9A-Za-z]+) \| .*\?$`)
	calleeLine     = regexp.MustCompile(`(?m)^([0-9]+) \| callee \| [^|]* \| (.+)$`)
)

// OneClaim is a language model that notes exactly one claim from every transcript in which the person says anything: the
// first thing they say, about the first hypothesis. It never comes to a verdict.
func OneClaim(_ context.Context, request simulator.ChatRequest) (string, error) {
	if request.SchemaName == "verdict" {
		return `{"verdict": "INCONCLUSIVE", "conclusion": "Nobody knows.", "reasons": []}`, nil
	}
	question := request.Messages[len(request.Messages)-1].Content
	hypothesis, said := hypothesisLine.FindStringSubmatch(question), calleeLine.FindStringSubmatch(question)
	if hypothesis == nil || said == nil {
		return `{"claims": []}`, nil
	}
	quote, err := json.Marshal(said[2])
	return fmt.Sprintf(`{"claims": [{"hypothesisId": %q, "field": "OTHER", "valueNumber": null, "valueText": null, "unit": "NONE",
		"skuId": null, "geoCode": null, "statement": "The person says so.", "quote": %s, "utterance": %s, "stance": "supports",
		"confidence": 0.9}]}`, hypothesis[1], quote, said[1]), err
}

// OneClaimEach is how many claims a call comes to with [OneClaim]: one for each recording in which the person says anything.
func OneClaimEach(truth simulator.Truth) (claims int) {
	for _, recording := range truth.Recordings {
		if len(recording.Person) > 0 {
			claims++
		}
	}
	return claims
}
