package interview

// OutcomeRates are the rates of a campaign; nil where there is nothing to divide by. Source of the formulas: AAPOR, Standard
// Definitions, 9th edition, 2016, "Calculating outcome rates".
type OutcomeRates struct {
	// RR1 and RR2 are response rates that count all contacts of unknown eligibility as eligible, so they are the lowest; RR3 and RR4
	// count the share E of them. RR2 and RR4 count partial interviews as responses.
	RR1 *float64 `json:"RR1"`
	RR2 *float64 `json:"RR2"`
	RR3 *float64 `json:"RR3"`
	RR4 *float64 `json:"RR4"`
	// COOP1 to COOP4 are cooperation rates: interviews of the people who were spoken to, COOP1 and COOP2 of all of them, COOP3 and
	// COOP4 of those who were able to take part. COOP2 and COOP4 count partial interviews.
	COOP1 *float64 `json:"COOP1"`
	COOP2 *float64 `json:"COOP2"`
	COOP3 *float64 `json:"COOP3"`
	COOP4 *float64 `json:"COOP4"`
	// REF1 is the refusal rate, CON1 the contact rate.
	REF1 *float64 `json:"REF1"`
	CON1 *float64 `json:"CON1"`
	// E is the estimated share of eligible ones among the contacts of unknown eligibility: that among those of which it is known
	// (proportional allocation).
	E *float64 `json:"e"`
}

// RatesOf computes the rates of counts of contacts by disposition. Contacts that are not over are left out: the rates are of what is
// final.
func RatesOf(counts map[Disposition]int) OutcomeRates {
	n := map[DispositionCategory]float64{}
	for d, contacts := range counts {
		n[d.Category()] += float64(contacts)
	}
	complete, interviews := n[CategoryComplete], n[CategoryComplete]+n[CategoryPartial]
	refused, other := n[CategoryRefusal], n[CategoryOther]
	eligible := interviews + refused + n[CategoryNonContact] + other
	unknown := n[CategoryUnknown] + n[CategoryUnknownOther]
	all, able, spoken := eligible+unknown, interviews+refused, interviews+refused+other
	rates := OutcomeRates{
		RR1: ratio(complete, all), RR2: ratio(interviews, all),
		COOP1: ratio(complete, spoken), COOP2: ratio(interviews, spoken), COOP3: ratio(complete, able), COOP4: ratio(interviews, able),
		REF1: ratio(refused, all), CON1: ratio(spoken, all), E: ratio(eligible, eligible+n[CategoryNotEligible]),
	}
	if rates.E != nil {
		estimated := eligible + *rates.E*unknown
		rates.RR3, rates.RR4 = ratio(complete, estimated), ratio(interviews, estimated)
	}
	return rates
}

func ratio(part, whole float64) *float64 {
	if whole == 0 {
		return nil
	}
	share := part / whole
	return &share
}
