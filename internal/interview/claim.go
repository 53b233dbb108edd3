package interview

import (
	"strconv"
	"strings"
	"time"
)

// Claim is something that a person said about a hypothesis, with the words that prove it. It begins as a Candidate of a
// model; Check makes it a claim, or one that is rejected with the reason. Only a verdict sets Validated and
// Contradicting.
type Claim struct {
	ID           string
	CallID       string
	RecordingSid string
	// HypothesisID is "" when the model named no hypothesis of this campaign; such a claim is rejected.
	HypothesisID string
	Field        Field
	// ValueNumber is nil for a value in words, and then Unit is UnitNone. 0 is a value.
	ValueNumber *float64
	// ValueText is the value as it was said, "" for a claim without a value.
	ValueText string
	Unit      Unit
	// SkuID and GeoCode name the product and the place, "" when nobody named them.
	SkuID, GeoCode string
	// Text is the claim in a sentence, in the model's words.
	Text string
	// RawText is the quote as it is in the utterances, phone numbers left out. Of a rejected claim it is what the model
	// took for a quote.
	RawText string
	// StartSec and EndSec are when the quote was said, in seconds from the start of the recording; 0 for a rejected claim.
	StartSec, EndSec float64
	// Confidence is the model's, from 0 to 1.
	Confidence float64
	// LowConfidence marks a claim below MinConfidence. It still is evidence.
	LowConfidence bool
	// Supports says whether the claim speaks for the hypothesis (true) or against it (false); nil for neither.
	Supports *bool
	// Validated marks a claim that supports a validated hypothesis.
	Validated bool
	// Contradicting marks a claim that speaks against a hypothesis on which there is a verdict.
	Contradicting bool
	// Rejected is the reason why the claim is no evidence, "" for one that is.
	Rejected string
	// Model proposed the claim; "" when that was not noted.
	Model string
	// EvidenceURL is where the quote can be heard, "" when the recording has no URL.
	EvidenceURL string
	CreatedAt   time.Time
}

// MinConfidence is the confidence below which a claim is flagged, and the average below which nothing is validated.
const MinConfidence = 0.6

// Field is what a claim is about.
type Field string

// The fields of a claim.
const (
	FieldPrice               Field = "PRICE"
	FieldVelocity            Field = "VELOCITY"
	FieldStockout            Field = "STOCKOUT"
	FieldInventoryLevel      Field = "INVENTORY_LEVEL"
	FieldMarketShare         Field = "MARKET_SHARE"
	FieldPromotion           Field = "PROMOTION"
	FieldCompetitiveActivity Field = "COMPETITIVE_ACTIVITY"
	FieldCustomerFeedback    Field = "CUSTOMER_FEEDBACK"
	FieldOther               Field = "OTHER"
)

// Fields are all fields.
func Fields() []Field {
	return []Field{FieldPrice, FieldVelocity, FieldStockout, FieldInventoryLevel, FieldMarketShare, FieldPromotion,
		FieldCompetitiveActivity, FieldCustomerFeedback, FieldOther}
}

// ParseField reads a field in any case, with spaces or dashes for underscores.
func ParseField(s string) (Field, bool) {
	f := Field(strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimSpace(s))))
	for _, known := range Fields() {
		if f == known {
			return f, true
		}
	}
	return "", false
}

// Unit is what the number of a claim counts.
type Unit string

// The units of a claim.
const (
	UnitUSD           Unit = "USD"
	UnitEUR           Unit = "EUR"
	UnitGBP           Unit = "GBP"
	UnitJPY           Unit = "JPY"
	UnitPercent       Unit = "PERCENT"
	UnitUnits         Unit = "UNITS"
	UnitCases         Unit = "CASES"
	UnitPallets       Unit = "PALLETS"
	UnitBoxes         Unit = "BOXES"
	UnitDays          Unit = "DAYS"
	UnitWeeks         Unit = "WEEKS"
	UnitMonths        Unit = "MONTHS"
	UnitUnitsPerDay   Unit = "UNITS_PER_DAY"
	UnitUnitsPerWeek  Unit = "UNITS_PER_WEEK"
	UnitUnitsPerMonth Unit = "UNITS_PER_MONTH"
	UnitNone          Unit = "NONE"
)

// Units are all units.
func Units() []Unit {
	return []Unit{UnitUSD, UnitEUR, UnitGBP, UnitJPY, UnitPercent, UnitUnits, UnitCases, UnitPallets, UnitBoxes, UnitDays,
		UnitWeeks, UnitMonths, UnitUnitsPerDay, UnitUnitsPerWeek, UnitUnitsPerMonth, UnitNone}
}

// Extraction is what extract-claims needs to know before it asks a model.
type Extraction struct {
	// Skip says that there is nothing to extract (no consent, recording unknown or not transcribed, or extracted already)
	// and that the run was ended with that answer. The other fields are then zero.
	Skip      bool
	Call      Call
	Recording Recording
	// Utterances are those of the recording, in order, as they were saved.
	Utterances []Utterance
	// Hypotheses are all of the campaign.
	Hypotheses []Hypothesis
	// Said is what our own TwiML said while the recording ran: in a recording whose speakers are unknown these words are
	// no evidence.
	Said []string
}

// EvidenceURL is the link that plays a recording from startSec to endSec: its media with a temporal fragment.
// recordingURL is Twilio's, without extension. Source: W3C Media Fragments URI 1.0, 4.2.1.
func EvidenceURL(recordingURL string, startSec, endSec float64) string {
	if recordingURL == "" {
		return ""
	}
	return recordingURL + ".mp3#t=" + tenths(startSec) + "," + tenths(endSec)
}

func tenths(seconds float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(seconds, 'f', 1, 64), ".0")
}
