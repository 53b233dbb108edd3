package twilio

import (
	"fmt"
	"net/http"
)

// Refusal says whom a refusal of Twilio concerns, and with that what is to be done.
type Refusal string

// The kinds of refusals. In each of them Twilio placed no call.
const (
	// NoRefusal: there is no answer, or none that proves that nothing was done.
	NoRefusal Refusal = ""
	// RefusesCallee: this number cannot be called. Others can.
	RefusesCallee Refusal = "callee"
	// RefusesAccount: nobody can be called with these credentials, this caller id or this configuration.
	RefusesAccount Refusal = "account"
	// RefusesMoment: the same request may be made again later.
	RefusesMoment Refusal = "moment"
)

// RefusalCode is one of Twilio's error codes.
type RefusalCode struct {
	Code    int
	Refusal Refusal
	// Meaning is a few words for an operator.
	Meaning string
	// Source is where the meaning was read.
	Source string
}

// Where meanings were read. Pages of the dictionary are at twilio.com/docs/api/errors/ and the code.
const (
	dictionary = "Twilio: error dictionary, the code's page"
	title      = "Twilio: error dictionary, list only"
	geographic = "Twilio help: International Voice Dialing Geographic Permissions"
	blog       = "Twilio blog: Protecting you from Nasty Numbers"
)

// RefusalCodes lists what is known of the codes with which Twilio refuses to create a call. Twilio advises against
// programs that depend on codes, since they change (changelog of 2024-07-10): one that is not listed is judged by its
// HTTP status.
func RefusalCodes() []RefusalCode {
	return []RefusalCode{
		{10001, RefusesAccount, "the account is not active: suspended, closed or without funds", dictionary},
		{10002, RefusesAccount, "a trial account does not support this", dictionary},
		{10004, RefusesMoment, "too many calls of the account at once", dictionary},
		{10005, RefusesAccount, "voice calling is disabled for the account", title},
		{20003, RefusesAccount, "the credentials are not accepted", dictionary},
		{20005, RefusesAccount, "the account is not active: no funds, or a trial that was not begun", dictionary},
		{20006, RefusesAccount, "access is denied", title},
		{20008, RefusesAccount, "the credentials are test credentials", title},
		{20403, RefusesAccount, "the account is suspended or closed", dictionary},
		{20404, RefusesAccount, "there is no such account at TWILIO_API_URL", title},
		{20429, RefusesMoment, "too many requests", dictionary},
		{70051, RefusesAccount, "account or key not found, suspended or not permitted", dictionary},
		{90010, RefusesAccount, "the account is not active", dictionary},

		{21201, RefusesCallee, "there is no number to call", dictionary},
		{21202, RefusesCallee, "the number is a premium or emergency number", blog},
		{21204, NoRefusal, "the call was initiated already: there may be one", dictionary},
		{21205, RefusesAccount, "APP_URL makes no valid URL for Twilio", title},
		{21209, RefusesAccount, "a method is not valid", dictionary},
		{21210, RefusesAccount, "TWILIO_PHONE_NUMBER is not verified for the account", dictionary},
		{21211, RefusesCallee, "the number is not valid", dictionary},
		{21212, RefusesAccount, "TWILIO_PHONE_NUMBER is not valid as caller id", title},
		{21213, RefusesAccount, "there is no caller id", title},
		{21214, RefusesCallee, "the number cannot be reached", dictionary},
		{21215, RefusesCallee, "the account's geographic permissions lack the number's region", geographic},
		{21216, RefusesCallee, "the number is blocked by Twilio", dictionary},
		{21217, RefusesCallee, "the number does not appear to be valid", dictionary},
		{21219, RefusesCallee, "a trial account may only call verified numbers", title},
		{21262, RefusesAccount, "machine detection lacks its callback", dictionary},
		{21606, RefusesAccount, "TWILIO_PHONE_NUMBER is not the account's or cannot be used", title},
		{21609, RefusesAccount, "APP_URL makes no valid StatusCallback for Twilio", dictionary},

		{13223, RefusesCallee, "the number is not in a valid form", title},
		{13224, RefusesCallee, "the number is not supported or not valid", dictionary},
		{13225, RefusesCallee, "the number is blocked by Twilio", title},
		{13226, RefusesCallee, "the number's region is not valid", title},
		{13227, RefusesCallee, "the account's geographic permissions lack the number's region", geographic},
		{32205, RefusesCallee, "the account's geographic permissions lack the number's region", geographic},
		{573002, RefusesCallee, "the trial's caller id is not the one assigned to this recipient", dictionary},
		{573005, RefusesCallee, "the trial's recipient is not verified yet", dictionary},
	}
}

// Refusal says whom the answer concerns. It is NoRefusal unless Twilio itself answered, and said that nothing was done: a
// server error may have placed the call (Twilio: error 20500), and so may anything that a proxy said.
func (e *Error) Refusal() Refusal {
	switch {
	case !e.Shaped || !e.clientError() || e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooEarly:
		return NoRefusal
	case e.Throttled():
		return RefusesMoment
	}
	return RefusalOf(e.Status, e.Code)
}

// RefusalOf judges a code, and one that is not known by the HTTP status that came with it.
func RefusalOf(status, code int) Refusal {
	if c, ok := refusalCode(code); ok {
		return c.Refusal
	}
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return RefusesCallee
	}
	return RefusesAccount
}

// Meaning is what a code means to an operator, in our words: Twilio's own may name the person who was to be called.
func Meaning(status, code int) string {
	if c, ok := refusalCode(code); ok {
		return c.Meaning
	}
	return fmt.Sprintf("Twilio answered %d", status)
}

func refusalCode(code int) (RefusalCode, bool) {
	for _, c := range RefusalCodes() {
		if c.Code == code {
			return c, true
		}
	}
	return RefusalCode{}, false
}
