package evidence

import (
	"math"
	"strings"
	"testing"

	"github.com/i-agent/iagent/internal/interview"
)

func said(utterances ...interview.Utterance) interview.Extraction {
	return interview.Extraction{
		Call: interview.Call{ID: "call-1"}, Recording: interview.Recording{Sid: "RE1", URL: "https://api.example/RE1"}, Utterances: utterances,
		Hypotheses: []interview.Hypothesis{{ID: "H1"}, {ID: "H2"}},
		Said:       []string{"How many cases do you sell in a week?"},
	}
}

func num(n float64) *float64 { return &n }

func good() Candidate {
	yes := true
	return Candidate{HypothesisID: "H1", Field: "PRICE", ValueNumber: num(12.5), Unit: "USD", Text: "A case costs 12.50 dollars.",
		Quote: "about twelve dollars fifty a case", Utterance: 1, Confidence: num(0.9), Supports: &yes}
}

func TestClaimKeepsWhatWasSaid(t *testing.T) {
	claim := CheckClaim(good(), said(shelf()...))
	if claim.Rejected != "" || *claim.ValueNumber != 12.5 || claim.Unit != interview.UnitUSD || claim.Field != interview.FieldPrice || claim.LowConfidence ||
		claim.RawText != "about twelve dollars fifty a case" || claim.ValueText != "twelve dollars fifty" || !*claim.Supports ||
		claim.StartSec <= 3 || claim.EndSec >= 7 || claim.CallID != "call-1" || claim.RecordingSid != "RE1" || claim.HypothesisID != "H1" {
		t.Fatalf("%+v", claim)
	}
	if claim.EvidenceURL != "https://api.example/RE1.mp3#t=3.7,6.9" {
		t.Errorf("evidence at %s", claim.EvidenceURL)
	}
}

func TestClaimWithAFaultIsRejectedWithItsReason(t *testing.T) {
	for reason, spoil := range map[string]func(c *Candidate){
		"not one of this campaign": func(c *Candidate) { c.HypothesisID = "H9" },
		"hypothesis \"\"":          func(c *Candidate) { c.HypothesisID = "" },
		"field \"TASTE\"":          func(c *Candidate) { c.Field = "TASTE" },
		"unit \"furlongs\"":        func(*Candidate) {},
		"needs a unit":             func(*Candidate) {},
		"was not said":             func(c *Candidate) { c.Quote = "we are very happy with the price" },
		"no quote":                 func(c *Candidate) { c.Quote = "  " },
		"said ourselves":           func(c *Candidate) { c.Quote = "What do you pay for a case?" },
		"number 99 is not":         func(c *Candidate) { c.ValueNumber = num(99) },
		"number 12 is not":         func(c *Candidate) { c.ValueNumber = num(12) },
		"number 0 is not":          func(c *Candidate) { c.ValueNumber = num(0) },
		"confidence 1.5":           func(c *Candidate) { c.Confidence = num(1.5) },
		"confidence -1":            func(c *Candidate) { c.Confidence = num(-1) },
		"confidence NaN":           func(c *Candidate) { c.Confidence = num(math.NaN()) },
		"not a number":             func(c *Candidate) { c.ValueNumber = num(math.Inf(1)) },
		"unreadable":               func(c *Candidate) { c.Unreadable = "unreadable" },
	} {
		e, c := said(shelf()...), good()
		spoil(&c)
		switch reason {
		case "unit \"furlongs\"", "needs a unit":
			e.Utterances = []interview.Utterance{{Speaker: interview.SpeakerCallee, Text: "It is about 12.5 I guess"}}
			c.Quote, c.ValueNumber = "about 12.5", num(12.5)
			c.Unit = map[bool]string{true: "furlongs", false: "NONE"}[strings.HasPrefix(reason, "unit")]
		}
		claim := CheckClaim(c, e)
		if !strings.Contains(claim.Rejected, reason) {
			t.Errorf("%s: rejected for %q", reason, claim.Rejected)
		}
		if claim.Rejected != "" && (claim.StartSec != 0 || claim.EndSec != 0 || claim.EvidenceURL != "") {
			t.Errorf("%s: rejected claim has a place: %+v", reason, claim)
		}
	}
}

func TestClaimMayHaveTheValueZero(t *testing.T) {
	for text, want := range map[string]interview.Unit{"We have 0 cases left": interview.UnitCases, "There are zero units": interview.UnitUnits, "We have none left": interview.UnitCases} {
		c := good()
		c.Quote, c.ValueNumber, c.Unit, c.Field = text, num(0), "CASES", "INVENTORY_LEVEL"
		claim := CheckClaim(c, said(interview.Utterance{Speaker: interview.SpeakerCallee, Text: text, EndSec: 2}))
		if claim.Rejected != "" || claim.ValueNumber == nil || *claim.ValueNumber != 0 || claim.Unit != want {
			t.Errorf("%q: %+v", text, claim)
		}
	}
}

func TestUnitThatWasSaidReplacesTheModels(t *testing.T) {
	for text, want := range map[string]struct {
		number float64 // 0: none
		unit   interview.Unit
		text   string
	}{
		"We sell 5 cases per week":      {5, interview.UnitUnitsPerWeek, "5 cases per week"},
		"About 100 units/day":           {100, interview.UnitUnitsPerDay, "100 units/day"},
		"We sell forty a week":          {40, interview.UnitUnitsPerWeek, "forty a week"},
		"It costs $1,200":               {1200, interview.UnitUSD, "$1,200"},
		"We have a share of 15%":        {15, interview.UnitPercent, "15%"},
		"Ten to fifteen boxes":          {0, interview.UnitNone, "Ten to fifteen boxes"},
		"100 units per year":            {0, interview.UnitNone, "100 units per year"},
		"We ran out twice last month":   {0, interview.UnitNone, "twice"},
		"Twelve, I would say, a pallet": {12, interview.UnitEUR, "Twelve"},
	} {
		c := good()
		measure := Measures(text)[0]
		c.Quote, c.ValueNumber, c.Unit = text, &measure.Number, "EUR"
		claim := CheckClaim(c, said(interview.Utterance{Speaker: interview.SpeakerCallee, Text: text, EndSec: 2}))
		if claim.Rejected != "" || claim.Unit != want.unit || (claim.ValueNumber == nil) != (want.number == 0) || claim.ValueText != want.text ||
			want.number != 0 && *claim.ValueNumber != want.number {
			t.Errorf("%q: %+v", text, claim)
		}
	}
}

func TestNumberWrittenAsTextIsRead(t *testing.T) {
	c := good()
	c.ValueNumber, c.ValueText, c.Unit = nil, "$12.50", ""
	claim := CheckClaim(c, said(shelf()...))
	if claim.Rejected != "" || claim.ValueNumber == nil || *claim.ValueNumber != 12.5 || claim.Unit != interview.UnitUSD {
		t.Errorf("%+v", claim)
	}
	c.ValueText = "$99"
	if claim := CheckClaim(c, said(shelf()...)); claim.Rejected == "" {
		t.Error("an invented number was taken as text")
	}
}

func TestOwnWordsOfAMonoRecordingAreNoEvidence(t *testing.T) {
	e := said(interview.Utterance{Speaker: interview.SpeakerUnknown, Text: "How many cases do you sell in a week? Forty cases a week.", EndSec: 5})
	c := good()
	c.ValueNumber, c.Quote = nil, "how many cases do you sell"
	if claim := CheckClaim(c, e); !strings.Contains(claim.Rejected, "ourselves") {
		t.Errorf("%q", claim.Rejected)
	}
	c.ValueNumber, c.Quote = num(40), "Forty cases a week"
	if claim := CheckClaim(c, e); claim.Rejected != "" {
		t.Errorf("%q", claim.Rejected)
	}
}

func TestLowConfidenceIsMarkedAndKept(t *testing.T) {
	for _, confidence := range []*float64{num(0.59), num(0), nil} {
		c := good()
		c.Confidence = confidence
		if claim := CheckClaim(c, said(shelf()...)); claim.Rejected != "" || !claim.LowConfidence {
			t.Errorf("%+v", claim)
		}
	}
}

func TestBadClaimTakesNoOtherWithIt(t *testing.T) {
	bad := good()
	bad.Field = ""
	claims := CheckClaims([]Candidate{bad, good(), good()}, said(shelf()...))
	if len(claims) != 3 || claims[0].Rejected == "" || claims[1].Rejected != "" || !strings.Contains(claims[2].Rejected, "before") {
		t.Errorf("%+v", claims)
	}
}

func TestQuoteBesideAPhoneNumberIsFound(t *testing.T) {
	e := Redacted(said(interview.Utterance{Speaker: interview.SpeakerCallee, Text: "Call 555-123-4567, we pay $5 a case", EndSec: 4}))
	if strings.Contains(e.Utterances[0].Text, "4567") {
		t.Fatal(e.Utterances[0].Text)
	}
	for _, quote := range []string{"we pay $5 a case", "Call […], we pay $5 a case", "call we pay five dollars a case"} {
		c := good()
		c.Quote, c.ValueNumber = quote, num(5)
		if claim := CheckClaim(c, e); claim.Rejected != "" || claim.Unit != interview.UnitUSD {
			t.Errorf("%q: %+v", quote, claim)
		}
	}
}
