package evidence

import "testing"

func TestViewerSeesNoNumberInAnyTextAndWholeIds(t *testing.T) {
	const masked = ""
	for _, tc := range []struct{ text, want string }{
		{"CA0123456789abcdef0123456789abcdef:status:3", "CA0123456789abcdef0123456789abcdef:status:3"},
		{"01KB0M3V4N5P6Q7R8S9TAVBWCX", "01KB0M3V4N5P6Q7R8S9TAVBWCX"},
		{"orchestrate-call", "orchestrate-call"},
		{"permanent: model: 401", "permanent: model: 401"},
		{"2026-11-27T07:44:39Z", "2026-11-27T07:44:39Z"},
		{"sells 12 crates a week", "sells 12 crates a week"},
		{"15550001000", masked}, // an amount, to a model
		{"call 15550001000 again", masked},
		{"$15550001000", masked},
		{"x:15551234567", masked},
		{"number=+15551234567", masked},
		{"call_15551234567", masked},
		{"call +1 (555) 123-4567", masked},
		{"555-123-4567", masked},
		{"five five five one two three four", masked},
		{"five-five-five-one-two-three-four", masked},
		{"five_five_five_one_two_three_four", masked},
	} {
		got := ForViewer(tc.text)
		if tc.want == masked {
			if got == tc.text {
				t.Errorf("%q is shown", tc.text)
			}
		} else if got != tc.want {
			t.Errorf("%q became %q", tc.text, got)
		}
	}
}
