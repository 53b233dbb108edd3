package webhook

import (
	"net/url"
	"testing"
	"time"
)

func TestTwiliosTimesAreReadInUTC(t *testing.T) {
	want := time.Date(2026, 3, 4, 15, 0, 15, 0, time.UTC)
	for _, text := range []string{
		"Wed, 04 Mar 2026 15:00:15 +0000", "Wed, 4 Mar 2026 10:00:15 -0500", "Wed, 04 Mar 2026 15:00:15 GMT",
		"4 Mar 2026 15:00:15 +0000", "2026-03-04T15:00:15Z", "2026-03-04T16:00:15+01:00",
	} {
		got, ok := moment(url.Values{"Timestamp": {text}}, "Timestamp")
		if !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q was read as %v, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", " ", "now", "1772636415", "2026-03-04"} {
		if got, ok := moment(url.Values{"Timestamp": {text}}, "Timestamp"); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}
