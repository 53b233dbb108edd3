package interview

import "strings"

// ValidPhoneNumber reports whether s is an E.164 number: a plus sign, a country code that does not begin with 0, and 7 to
// 15 digits in all. It cannot tell whether anybody answers there. Source: ITU-T E.164; the lower bound keeps out short
// codes and emergency numbers, which Twilio does not dial.
func ValidPhoneNumber(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// MaskPhoneNumber makes a number fit for a log: +15551234567 becomes +1******4567. Anything that is not E.164 becomes
// stars alone, so that a mistyped number is not logged either.
func MaskPhoneNumber(s string) string {
	const first, last = 2, 4 // the plus sign and one digit; the end, which people compare
	if !ValidPhoneNumber(s) {
		return "***"
	}
	return s[:first] + strings.Repeat("*", len(s)-first-last) + s[len(s)-last:]
}
