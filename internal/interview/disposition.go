package interview

// Disposition is the final disposition code of a contact, such as "1.1", or DispositionOpen.
//
// Source of the codes and of what they mean: AAPOR, Standard Definitions: Final Dispositions of Case Codes and Outcome Rates
// for Surveys, 9th edition, 2016, Table 1 (telephone). The names are ours. Codes that nothing in our data tells, such as 2.33
// for a language that nobody could speak, are left out.
type Disposition string

// The dispositions that a contact can have.
const (
	DispositionOpen Disposition = "" // not final: an attempt is to come, or under way

	DispositionComplete Disposition = "1.1"
	DispositionPartial  Disposition = "1.2"

	DispositionRefusal        Disposition = "2.11" // a person said no, or hung up before the consent was decided
	DispositionBreakOff       Disposition = "2.12" // a person agreed, and too little was answered for an interview
	DispositionPersonsMachine Disposition = "2.22" // a machine, where a person picked up another time
	DispositionOther          Disposition = "2.30" // a person was there, and it ended for another reason than theirs

	DispositionNotAttempted Disposition = "3.11" // never dialled, or the attempt came to nothing on our side
	DispositionBusy         Disposition = "3.12" // each time
	DispositionNoAnswer     Disposition = "3.13"
	DispositionMachine      Disposition = "3.14" // a machine, and nobody knows whose
	DispositionBlocked      Disposition = "3.15" // by something on the way, such as call blocking
	DispositionTechnical    Disposition = "3.16" // the call failed, and nothing tells why
	DispositionUnknown      Disposition = "3.90" // nothing is left that tells

	DispositionFax         Disposition = "4.20"
	DispositionNotWorking  Disposition = "4.30" // there is no such number, or it is not in service
	DispositionQuotaFilled Disposition = "4.80" // all hypotheses were decided before the first attempt
	DispositionIneligible  Disposition = "4.90" // a number that belongs to no person, such as one for emergencies
)

// DispositionCategory is what a disposition counts as in the rates; see [RatesOf].
type DispositionCategory string

// The categories, by the letters of the standard.
const (
	CategoryComplete     DispositionCategory = "I"
	CategoryPartial      DispositionCategory = "P"
	CategoryRefusal      DispositionCategory = "R"  // and break-off
	CategoryNonContact   DispositionCategory = "NC" // somebody eligible, not spoken to
	CategoryOther        DispositionCategory = "O"
	CategoryUnknown      DispositionCategory = "UH" // unknown whether anybody is there
	CategoryUnknownOther DispositionCategory = "UO"
	CategoryNotEligible  DispositionCategory = "NE"
)

// Dispositions are all that a contact can have at the end, in the order of their codes.
func Dispositions() []Disposition {
	return []Disposition{DispositionComplete, DispositionPartial, DispositionRefusal, DispositionBreakOff, DispositionPersonsMachine,
		DispositionOther, DispositionNotAttempted, DispositionBusy, DispositionNoAnswer, DispositionMachine, DispositionBlocked,
		DispositionTechnical, DispositionUnknown, DispositionFax, DispositionNotWorking, DispositionQuotaFilled, DispositionIneligible}
}

// Name is the disposition in a few words.
func (d Disposition) Name() string {
	switch d {
	case DispositionOpen:
		return "not final"
	case DispositionComplete:
		return "complete interview"
	case DispositionPartial:
		return "partial interview"
	case DispositionRefusal:
		return "refusal"
	case DispositionBreakOff:
		return "break-off"
	case DispositionPersonsMachine:
		return "answering machine, eligible"
	case DispositionOther:
		return "other, eligible"
	case DispositionNotAttempted:
		return "not attempted"
	case DispositionBusy:
		return "always busy"
	case DispositionNoAnswer:
		return "no answer"
	case DispositionMachine:
		return "answering machine, eligibility unknown"
	case DispositionBlocked:
		return "call blocked"
	case DispositionTechnical:
		return "technical phone problem"
	case DispositionUnknown:
		return "unknown, other"
	case DispositionFax:
		return "fax or data line"
	case DispositionNotWorking:
		return "number not in service"
	case DispositionQuotaFilled:
		return "quota filled"
	case DispositionIneligible:
		return "not eligible, other"
	}
	return ""
}

// Category is what the disposition counts as, "" for one that is not final.
func (d Disposition) Category() DispositionCategory {
	switch d {
	case DispositionComplete:
		return CategoryComplete
	case DispositionPartial:
		return CategoryPartial
	case DispositionRefusal, DispositionBreakOff:
		return CategoryRefusal
	case DispositionPersonsMachine:
		return CategoryNonContact
	case DispositionOther:
		return CategoryOther
	case DispositionUnknown:
		return CategoryUnknownOther
	case DispositionNotAttempted, DispositionBusy, DispositionNoAnswer, DispositionMachine, DispositionBlocked, DispositionTechnical:
		return CategoryUnknown
	case DispositionFax, DispositionNotWorking, DispositionQuotaFilled, DispositionIneligible:
		return CategoryNotEligible
	case DispositionOpen:
	}
	return ""
}

// rank orders the dispositions by how much they tell of a person: an interview more than a refusal, that more than a machine, any
// word of the number itself more than silence.
func (d Disposition) rank() int {
	for i, known := range []Disposition{DispositionNotAttempted, DispositionTechnical, DispositionBlocked, DispositionBusy, DispositionNoAnswer,
		DispositionMachine, DispositionIneligible, DispositionNotWorking, DispositionFax, DispositionOther, DispositionPersonsMachine,
		DispositionRefusal, DispositionBreakOff, DispositionPartial, DispositionComplete} {
		if d == known {
			return i + 1
		}
	}
	return 0
}

// MostlyWithoutCalls reports whether most contacts with the disposition have it without a call that decided it: whoever was never
// dialled, and of whom nothing is left.
func (d Disposition) MostlyWithoutCalls() bool {
	return d == DispositionQuotaFilled || d == DispositionUnknown || d == DispositionNotAttempted
}

// DecidedBy reports whether a call tells of its contact what the disposition says. The contact has it when no call of it tells more: see
// [DispositionOf].
func (d Disposition) DecidedBy(call *Call) bool {
	own := call.Disposition()
	return own == d && d != DispositionOpen || d == DispositionPersonsMachine && (own == DispositionMachine || own == DispositionOther)
}

// DispositionOf is the final disposition of a contact: that of the attempt which tells the most, whenever it was. attempts are all
// calls of the contact, with their scripts, those that the person made included; the ones that were never dialled do not count.
// It is DispositionOpen while the contact is not over.
//
// A contact that was never dialled was not attempted, whichever refusal of the gate ended it: a number on the do-not-call list is
// no refusal to take part in this campaign. When its campaign was decided first, the quota is filled.
func DispositionOf(contact Contact, attempts []Call) Disposition {
	if !contact.State.Terminal() {
		return DispositionOpen
	}
	best := DispositionOpen
	person, machine := false, false
	for _, call := range attempts {
		d := call.Disposition()
		machine = machine || d == DispositionMachine
		person = person || d == DispositionOther
		if d.rank() > best.rank() {
			best = d
		}
	}
	switch {
	case best == DispositionOther && machine && person:
		return DispositionPersonsMachine
	case best != DispositionOpen:
		return best
	case contact.State != ContactRefused:
		return DispositionUnknown
	case contact.Reason == RefusalDecided:
		return DispositionQuotaFilled
	}
	return DispositionNotAttempted
}
