package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func TestClaimIsShownInTheContractsShape(t *testing.T) {
	zero, no := 0.0, false
	for want, c := range map[string]interview.Claim{
		`{"id":"c","callId":"k","hypothesisId":"h","field":"STOCKOUT","valueNumber":0,"valueText":"none","unit":"CASES","skuId":null,` +
			`"geoCode":"DE","text":"t","rawText":"r","startSec":1.5,"endSec":2,"confidence":0.5,"validated":false,"evidenceUrl":"u",` +
			`"supports":false,"contradicting":true,"lowConfidence":true,"rejected":null}`: {
			ID: "c", CallID: "k", HypothesisID: "h", Field: interview.FieldStockout, ValueNumber: &zero, ValueText: "none",
			Unit: interview.UnitCases, GeoCode: "DE", Text: "t", RawText: "r", StartSec: 1.5, EndSec: 2, Confidence: 0.5,
			EvidenceURL: "u", Supports: &no, Contradicting: true, LowConfidence: true},
		`{"id":"c","callId":"k","hypothesisId":null,"field":"OTHER","valueNumber":null,"valueText":null,"unit":"NONE","skuId":null,` +
			`"geoCode":null,"text":"","rawText":"","startSec":0,"endSec":0,"confidence":0,"validated":false,"evidenceUrl":null,` +
			`"supports":null,"contradicting":false,"lowConfidence":false,"rejected":"the quote was not said"}`: {
			ID: "c", CallID: "k", Field: interview.FieldOther, Unit: interview.UnitNone, Rejected: "the quote was not said"},
	} {
		if got, err := json.Marshal(showClaim(c)); err != nil || string(got) != want {
			t.Errorf("%s, %v\nwant %s", got, err, want)
		}
	}
	got, err := json.Marshal(showVerdict(interview.Verdict{Status: interview.HypothesisPending}))
	if err != nil || !strings.Contains(string(got), `"reasons":[]`) || !strings.Contains(string(got), `"model":null`) {
		t.Errorf("%s, %v", got, err)
	}
}
