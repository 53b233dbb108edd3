package interview

import (
	"strings"
	"testing"
)

func TestOnlyE164IsDialled(t *testing.T) {
	for number, want := range map[string]bool{
		"+15551234567": true, "+442071838750": true, "+6834000": true, "+123456789012345": true,
		"": false, "+": false, "15551234567": false, "+0155512345": false, "+911": false, "+1234567890123456": false,
		"+1 555 123 4567": false, "+1555123456a": false, "+١٢٣٤٥٦٧٨": false, "++1555123456": false, "+15551234567\n": false,
	} {
		if got := ValidPhoneNumber(number); got != want {
			t.Errorf("ValidPhoneNumber(%q) = %t", number, got)
		}
	}
}

func TestMaskedNumberTellsNobody(t *testing.T) {
	for number, want := range map[string]string{
		"+15551234567": "+1******4567", "+6834000": "+6**4000", "": "***", "5551234567": "***", "client:bob": "***", "+911": "***",
	} {
		if got := MaskPhoneNumber(number); got != want {
			t.Errorf("MaskPhoneNumber(%q) = %q, want %q", number, got, want)
		}
	}
}

func FuzzMaskPhoneNumber(f *testing.F) {
	f.Add("+15551234567")
	f.Fuzz(func(t *testing.T, number string) {
		masked := MaskPhoneNumber(number)
		if !ValidPhoneNumber(number) {
			if masked != "***" {
				t.Errorf("%q was masked as %q", number, masked)
			}
			return
		}
		if len(masked) != len(number) || !strings.Contains(masked, "**") || strings.Contains(masked, number[1:]) {
			t.Errorf("%q was masked as %q", number, masked)
		}
	})
}
