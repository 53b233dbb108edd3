package phone_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/phone"
)

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	for _, test := range []struct{ text, region, want, warning string }{
		{"+1 (212) 736-5000", "", "+12127365000", ""},
		{"(212) 736-5000", "US", "+12127365000", ""},
		{"212.736.5000", "us", "+12127365000", ""},
		{"030 90 26 0", "DE", "+493090260", ""},
		{"0049 30 901820", "DE", "+4930901820", ""},
		{"tel:+49-30-901820", "", "+4930901820", ""},
		{"020 7946 0958", "GB", "+442079460958", ""},
		{"+44 20 7946 0958", "US", "+442079460958", ""},
		{"＋１ ２１２ ７３６ ５０００", "", "+12127365000", ""},
		{"+15551234567", "", "+15551234567", "no operator"},
		{"555 123 4567", "US", "+15551234567", "no operator"},
		{"+1 900 555 0123", "", "+19005550123", "premium-rate"},
		{"0900 1123456", "DE", "+499001123456", "premium-rate"},
		{"+1 800 555 0199", "", "+18005550199", "of a service"},
	} {
		got, err := phone.Normalize(test.text, test.region)
		if err != nil || got.E164 != test.want || !strings.Contains(got.Warning, test.warning) || (test.warning == "") != (got.Warning == "") {
			t.Errorf("%q in %q: %+v %v", test.text, test.region, got, err)
		}
	}
}

func TestNumbersThatCannotBeCalledAreRefusedWithAReason(t *testing.T) {
	for _, test := range []struct {
		text, region string
		want         error
	}{
		{"", "US", phone.ErrNoNumber}, {"Jane Doe", "US", phone.ErrNoNumber}, {"n/a", "", phone.ErrNoNumber},
		{strings.Repeat("1", 500), "US", phone.ErrNoNumber}, {"jane@example.com", "US", phone.ErrNoNumber},
		{"212 736 5000", "", phone.ErrNoCountry}, {"212 736 5000", "XX", phone.ErrRegion}, {"212 736 5000", "USA", phone.ErrRegion},
		{"+999 123 456 789", "", phone.ErrCodeOfNone},
		{"+1 212 736 5000 ext. 12", "", phone.ErrExtension}, {"212-736-5000x12", "US", phone.ErrExtension}, {"tel:+12127365000;ext=7", "", phone.ErrExtension},
		{"000000000", "ER", phone.ErrNotCalled}, {"00 000777770", "FR", phone.ErrNotCalled},
		{"911", "US", phone.ErrShort}, {"112", "DE", phone.ErrShort}, {"110", "DE", phone.ErrShort}, {"999", "GB", phone.ErrShort},
		{"+1 911", "", phone.ErrShort}, {"+49 110", "", phone.ErrShort}, {"611", "US", phone.ErrShort}, {"+49112", "", phone.ErrShort},
	} {
		got, err := phone.Normalize(test.text, test.region)
		if !errors.Is(err, test.want) {
			t.Errorf("%.30q in %q: %+v, %v, want %v", test.text, test.region, got, err, test.want)
		}
		if err != nil && len(test.text) > 2 && strings.Contains(err.Error(), test.text) {
			t.Errorf("%v says the number", err)
		}
	}
}

func FuzzNormalizeIsIdempotentAndGivesE164(f *testing.F) {
	for _, seed := range [][2]string{
		{"+1 212 736 5000", "US"}, {"030 901820", "DE"}, {"112", "GB"}, {"1-800-FLOWERS", "US"}, {"tel:863-1234;phone-context=+1-914-555", "NZ"},
		{"+390612345678", ""}, {"0039 06 12345678", "IT"}, {"+٤٩٣٠٩٠١٨٢٠", "DE"}, {"8 (495) 123-45-67", "RU"}, {"+800 1234 5678", ""}, {"+++1", "US"},
		{"000000000", "ER"}, {"00 000rrrrr0", "FR"}, {"011 15-1234-5678", "AR"}, {"+5215512345678", "MX"}, {"00 1 212 736 5000", "FR"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		number, err := phone.Normalize(text, region)
		if err != nil {
			if number != (phone.Number{}) {
				t.Fatalf("%q: %+v with %v", text, number, err)
			}
			return
		}
		if !interview.ValidPhoneNumber(number.E164) {
			t.Fatalf("%q in %q: %q is not E.164", text, region, number.E164)
		}
		for _, other := range []string{region, "", "US", "IT"} {
			if _, unknown := phone.Normalize("+12127365000", other); unknown != nil {
				continue
			}
			if again, err := phone.Normalize(number.E164, other); err != nil || again != number {
				t.Fatalf("%q in %q: %+v, and in %q again %+v %v", text, region, number, other, again, err)
			}
		}
	})
}

func TestNumberHasAllTheZonesInWhichItMayBe(t *testing.T) {
	var zones phone.Zones
	for _, test := range []struct {
		number string
		want   []string
		more   int // at least so many
	}{
		{"+12127365000", []string{"America/New_York"}, 1},
		{"+12085550100", []string{"America/Boise", "America/Los_Angeles"}, 2},
		{"+447700900123", []string{"Europe/London", "Europe/Guernsey", "Europe/Isle_of_Man", "Europe/Jersey"}, 1},
		{"+4930901820", []string{"Europe/Berlin"}, 1},
		{"+18005550199", nil, 30},
		{"+99912345678", nil, 0}, {"", nil, 0}, {"212", nil, 0}, {"+1212736500x", nil, 0},
	} {
		got := phone.Candidates(test.number)
		if len(got) < test.more || test.more <= 2 && test.want != nil && !slices.ContainsFunc(test.want, func(z string) bool { return slices.Contains(got, z) }) {
			t.Errorf("%q: %v, want %v", test.number, got, test.want)
		}
		if test.more == 0 && len(got) > 0 {
			t.Errorf("%q: %v, want none", test.number, got)
		}
		if loaded := zones.Of("", test.number); len(loaded) != len(got) {
			t.Errorf("%q: %v could not be loaded: %v", test.number, got, loaded)
		}
	}
	// What one caller does with the result does not change the tables.
	phone.Candidates("+12085550100")[0] = "Mars/Olympus"
	if slices.Contains(phone.Candidates("+12085550100"), "Mars/Olympus") {
		t.Error("the tables were changed")
	}
}

func TestPersonsOwnZoneWinsAndIsNeverGuessed(t *testing.T) {
	var zones phone.Zones
	if got := zones.Of("Asia/Tokyo", "+12127365000").Names(); !slices.Equal(got, []string{"Asia/Tokyo"}) {
		t.Errorf("own zone: %v", got)
	}
	for _, name := range []string{"Mars/Olympus", "Local", "Etc/Unknown", "../etc/passwd", " "} {
		if got := zones.Of(name, "+12127365000"); got != nil {
			t.Errorf("own zone %q: %v", name, got)
		}
		if _, err := zones.Load("UTC", name); zones.Known(name) || !errors.Is(err, phone.ErrZone) {
			t.Errorf("%q is known: %v", name, err)
		}
	}
	if zones.Known("") || !zones.Known("Europe/Berlin") || !zones.Known("America/Argentina/Buenos_Aires") {
		t.Error("what is a zone and what is not")
	}
}

// A number that could be anywhere in North America is called when all of it is awake, or not at all.
func TestNumberOfAFreeServiceIsCalledOnlyInsideTheHoursOfAllItsZones(t *testing.T) {
	var zones phone.Zones
	at := zones.Of("", "+18005550199")
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	if next, ok := interview.DefaultCallingHours().NextOpen(day, at, nil); ok {
		t.Logf("open at %s", next)
		for _, zone := range at {
			if hour := next.In(zone).Hour(); hour < 9 || hour >= 20 {
				t.Errorf("%s in %s", next.In(zone), zone)
			}
		}
	}
	if next, ok := interview.AllHours().NextOpen(day, at, nil); !ok || !next.Equal(day) {
		t.Errorf("all hours: %s %t", next, ok)
	}
}

func BenchmarkNormalize(b *testing.B) {
	for b.Loop() {
		phone.Normalize("(212) 736-5000", "US")
	}
}

func BenchmarkZonesOf(b *testing.B) {
	var zones phone.Zones
	for b.Loop() {
		zones.Of("", "+18005550199")
	}
}

func BenchmarkGateOfAFreeService(b *testing.B) {
	var zones phone.Zones
	at := zones.Of("", "+18005550199")
	day := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		interview.DefaultCallingHours().NextOpen(day, at, nil)
	}
}

func TestSomebodyIsCalledFromANumberOfTheirCountry(t *testing.T) {
	const us, canada, britain, jersey, germany, reserved = "+12125550100", "+14165550100", "+442079460018", "+441534496000", "+4930123456", "+15550000001"
	for _, tc := range []struct {
		callee string
		ours   []string
		want   []string
	}{
		{"+442079460958", []string{us, britain, germany}, []string{britain}},
		{"+442079460958", []string{us, jersey, britain}, []string{britain}},
		{"+442079460958", []string{us, jersey}, []string{jersey}}, // no number of the country: one with its code
		{"+14165550123", []string{us, canada, us}, []string{canada}},
		{"+12125550123", []string{us, canada, "+13125550100"}, []string{us, "+13125550100"}},
		{reserved, []string{germany, us, canada}, []string{us, canada}}, // of a country that nobody knows
		{"+18005550123", []string{germany, us}, []string{us}},
		{"+33123456789", []string{us, britain}, []string{us, britain}},
		{"", []string{us, britain}, []string{us, britain}},
	} {
		if got := phone.SameCountry(tc.ours, tc.callee); !slices.Equal(got, tc.want) {
			t.Errorf("%s is called from %v, want %v", tc.callee, got, tc.want)
		}
	}
}
