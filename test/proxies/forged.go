package proxies

import "strings"

// Forged are requests that Twilio did not send, by name, signed as their forgers can: nothing explains them.
func Forged() map[string]Sent {
	sent := func(token string, change func(*Sent)) Sent {
		call := Call{Token: token}.withDefaults()
		s := call.sent()
		if change != nil {
			change(&s)
		}
		return s
	}
	return map[string]Sent{
		"another token":      sent("0123456789abcdef0123456789abcdef", nil),
		"a random signature": sent(Token, func(s *Sent) { s.Header.Set("X-Twilio-Signature", "q83vASNFZ4mrze8BI0VniavN7wE=") }),
		"another number":     sent(Token, swap("15551234567", "15557654321")),
		"another status":     sent(Token, swap("in-progress", "completed")),
		"another CallSid":    sent(Token, swap(CallSid, "CA0000000000000000000000000000cc99")),
		"another callId":     sent(Token, func(s *Sent) { s.Target = strings.Replace(s.Target, CallID, "01J9ZK3V7Q8W5X2Y6T4R1N0PMX", 1) }),
		"another webhook":    sent(Token, func(s *Sent) { s.Target = strings.Replace(s.Target, "voice", "status", 1) }),
		"an answer added":    sent("x", func(s *Sent) { s.Body = append(s.Body, "&Digits=1"...) }),
		"headers of a proxy": sent("x", func(s *Sent) {
			s.Header.Set("X-Forwarded-Host", "evil.example")
			s.Header.Set("X-Forwarded-Proto", "http")
		}),
		"another body":            sent(Token, func(s *Sent) { s.Body = []byte("AccountSid=" + AccountSid + "&CallSid=CA1&Digits=1") }),
		"AccountSid as the token": sent(AccountSid, nil),
		"an empty token":          sent("", func(s *Sent) { s.sign("", Base+Path+Query, body) }),
	}
}
