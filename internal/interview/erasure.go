package interview

import "time"

// AuditEraseNumber is the action of an erasure of all calls to a number. The number is masked in its detail.
const AuditEraseNumber = "erase.number"

// Erase takes the personal data out of the call, on request. That withdraws the consent too, so that nothing which comes
// later can bring data back: no transcription, no live answer; a recording is deleted. The CallSid stays, for without it
// a late callback could not be told from a stranger's.
func (c *Call) Erase(at time.Time) {
	c.withdraw(ConsentByRequest, at)
	c.ConsentBy, c.ClearedAt = ConsentByRequest, nil
	c.PhoneNumber, c.ErrorMessage = "", ""
	c.ErasedAt = &at
}
