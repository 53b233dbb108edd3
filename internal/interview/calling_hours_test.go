package interview_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/i-agent/iagent/internal/interview"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func zonesOf(t testing.TB, names ...string) []*time.Location {
	t.Helper()
	var zones []*time.Location
	for _, name := range names {
		zones = append(zones, zone(t, name))
	}
	return zones
}

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func hoursOf(windows ...string) interview.CallingHours {
	var hours interview.CallingHours
	for _, w := range windows {
		f := strings.Fields(w)
		hours = append(hours, interview.CallingWindow{Days: f[0], From: f[1], To: f[2]})
	}
	return hours
}

func TestWindowsAreNotMoreThanAnybodyHas(t *testing.T) {
	window := interview.CallingWindow{Days: "mon", From: "09:00", To: "20:00"}
	if faults := (interview.CallingHours(slices.Repeat([]interview.CallingWindow{window}, 100))).Faults(); faults != nil {
		t.Errorf("100: %v", faults)
	}
	faults := (interview.CallingHours(slices.Repeat([]interview.CallingWindow{window}, 101))).Faults()
	if len(faults) != 1 || faults[0].Field != "callingHours" {
		t.Errorf("101: %v", faults)
	}
}

func TestFaultsOfCallingHoursNameTheirField(t *testing.T) {
	for _, test := range []struct{ window, fault string }{
		{"mon-fri 09:00 20:00", ""}, {"SAT 00:00 24:00", ""}, {"sun-tue 23:59 24:00", ""}, {"mon,wed-fri 01:30 02:30", ""},
		{"sun-sat 00:00 00:01", ""}, {"sat-sat 10:00 11:00", ""},
		{"weekdays 09:00 20:00", "callingHours[0].days"}, {"mon- 09:00 20:00", "callingHours[0].days"},
		{"mon,,tue 09:00 20:00", "callingHours[0].days"}, {"mon-fri-sun 09:00 20:00", "callingHours[0].days"},
		{"mon 9:00 20:00", "callingHours[0].from"}, {"mon 09:60 20:00", "callingHours[0].from"}, {"mon 09h00 20:00", "callingHours[0].from"},
		{"mon 09:00 24:01", "callingHours[0].to"}, {"mon 09:00 25:00", "callingHours[0].to"}, {"mon +9:00 20:00", "callingHours[0].from"},
		{"mon 20:00 09:00", "callingHours[0].from"}, {"mon 09:00 09:00", "callingHours[0].from"}, {"mon 24:00 24:00", "callingHours[0].from"},
	} {
		faults := hoursOf(test.window).Faults()
		if test.fault == "" && faults != nil || test.fault != "" && (len(faults) != 1 || faults[0].Field != test.fault) {
			t.Errorf("%s: faults %v, want %q", test.window, faults, test.fault)
		}
	}
	if faults := hoursOf("mon 09:00 20:00", "x y z").Faults(); len(faults) != 3 {
		t.Errorf("a window that is wrong in each field: %v", faults)
	}
	if faults := interview.HolidayFaults([]string{"2026-12-25", "2026-02-29", "25.12.2026", "2028-02-29"}); len(faults) != 2 ||
		faults[0].Field != "holidays[1]" || faults[1].Field != "holidays[2]" {
		t.Errorf("faults of holidays: %v", faults)
	}
}

func TestCallingHoursStayAsTyped(t *testing.T) {
	typed := `[{"days":"Mon-Fri","from":"09:00","to":"24:00"}]`
	var hours interview.CallingHours
	if err := json.Unmarshal([]byte(typed), &hours); err != nil {
		t.Fatal(err)
	}
	if kept, _ := json.Marshal(hours); string(kept) != typed {
		t.Errorf("%s became %s", typed, kept)
	}
}

// The clock is set forward in spring and back in autumn, in each hemisphere on its own date.
func TestCallingHoursFollowTheWallClockWhenItIsSet(t *testing.T) {
	night := "mon-sun 01:30 02:30"
	for _, test := range []struct {
		name, zone, window string
		from, to           string   // a period
		open               []string // what of it is open, as "start/end"
	}{
		// New York: 2026-03-08 02:00 is 03:00, so the second half of the window does not exist.
		{"New York, spring", "America/New_York", night, "2026-03-08T05:00:00Z", "2026-03-08T12:00:00Z",
			[]string{"2026-03-08T06:30:00Z/2026-03-08T07:00:00Z"}},
		// New York: 2026-11-01 02:00 is 01:00 again: open from the first 01:30 to 02:00, and from the second 01:30 to 02:30.
		{"New York, autumn", "America/New_York", night, "2026-11-01T04:00:00Z", "2026-11-01T12:00:00Z",
			[]string{"2026-11-01T05:30:00Z/2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z/2026-11-01T07:30:00Z"}},
		// Sydney: 2026-10-04 02:00 is 03:00; 2026-04-05 03:00 is 02:00 again, so 02:00 to 02:30 comes twice.
		{"Sydney, spring", "Australia/Sydney", night, "2026-10-03T14:00:00Z", "2026-10-03T20:00:00Z",
			[]string{"2026-10-03T15:30:00Z/2026-10-03T16:00:00Z"}},
		{"Sydney, autumn", "Australia/Sydney", night, "2026-04-04T13:00:00Z", "2026-04-04T20:00:00Z",
			[]string{"2026-04-04T14:30:00Z/2026-04-04T15:30:00Z", "2026-04-04T16:00:00Z/2026-04-04T16:30:00Z"}},
		// Lord Howe moves by half an hour: 2026-10-04 02:00 is 02:30, 2026-04-05 02:00 is 01:30 again.
		{"Lord Howe, spring", "Australia/Lord_Howe", night, "2026-10-03T14:00:00Z", "2026-10-03T20:00:00Z",
			[]string{"2026-10-03T15:00:00Z/2026-10-03T15:30:00Z"}},
		{"Lord Howe, autumn", "Australia/Lord_Howe", night, "2026-04-04T13:00:00Z", "2026-04-04T20:00:00Z",
			[]string{"2026-04-04T14:30:00Z/2026-04-04T16:00:00Z"}},
		// Berlin: ordinary hours begin an hour earlier, by UTC, on the Monday after the clock was set forward.
		{"Berlin, Friday", "Europe/Berlin", "mon-fri 09:00 20:00", "2026-03-27T00:00:00Z", "2026-03-28T00:00:00Z",
			[]string{"2026-03-27T08:00:00Z/2026-03-27T19:00:00Z"}},
		{"Berlin, Monday", "Europe/Berlin", "mon-fri 09:00 20:00", "2026-03-29T00:00:00Z", "2026-03-31T00:00:00Z",
			[]string{"2026-03-30T07:00:00Z/2026-03-30T18:00:00Z"}},
		// Santiago sets its clock at midnight: 2026-09-06 begins at 01:00.
		{"Santiago, spring", "America/Santiago", "sun 00:00 02:00", "2026-09-06T02:00:00Z", "2026-09-06T12:00:00Z",
			[]string{"2026-09-06T04:00:00Z/2026-09-06T05:00:00Z"}},
		{"Kathmandu, 5:45", "Asia/Kathmandu", "tue 09:00 10:00", "2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z",
			[]string{"2026-06-02T03:15:00Z/2026-06-02T04:15:00Z"}},
		{"Kolkata, 5:30", "Asia/Kolkata", "tue 09:00 10:00", "2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z",
			[]string{"2026-06-02T03:30:00Z/2026-06-02T04:30:00Z"}},
		{"Chatham, 13:45 in summer", "Pacific/Chatham", "tue 09:00 10:00", "2026-01-05T12:00:00Z", "2026-01-06T12:00:00Z",
			[]string{"2026-01-05T19:15:00Z/2026-01-05T20:15:00Z"}},
		// Samoa had no 2011-12-30, a Friday: Thursday is followed by Saturday.
		{"Samoa, the day that was not", "Pacific/Apia", "thu-fri 22:00 24:00", "2011-12-29T12:00:00Z", "2012-01-02T00:00:00Z",
			[]string{"2011-12-30T08:00:00Z/2011-12-30T10:00:00Z"}},
		{"to midnight and on", "UTC", "mon-tue 23:00 24:00", "2026-06-01T00:00:00Z", "2026-06-02T12:00:00Z",
			[]string{"2026-06-01T23:00:00Z/2026-06-02T00:00:00Z"}},
		{"over the end of the week", "UTC", "sat-sun 10:00 11:00", "2026-06-05T00:00:00Z", "2026-06-09T00:00:00Z",
			[]string{"2026-06-06T10:00:00Z/2026-06-06T11:00:00Z", "2026-06-07T10:00:00Z/2026-06-07T11:00:00Z"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			hours, in := hoursOf(test.window), zone(t, test.zone)
			from, to := moment(t, test.from), moment(t, test.to)
			inside := func(at time.Time) bool {
				for _, period := range test.open {
					start, end, _ := strings.Cut(period, "/")
					if !at.Before(moment(t, start)) && at.Before(moment(t, end)) {
						return true
					}
				}
				return false
			}
			for at := from; at.Before(to); at = at.Add(5 * time.Minute) {
				if open := hours.Open(at, in, nil); open != inside(at) {
					t.Fatalf("at %s, there %s: open %t", at.Format(time.RFC3339), at.In(in), open)
				}
				next, ok := hours.NextOpen(at, []*time.Location{in}, nil)
				want := at
				for want.Before(to) && !inside(want) {
					want = want.Add(5 * time.Minute)
				}
				if want.Before(to) && (!ok || !next.Equal(want)) || !want.Before(to) && next.Before(to) {
					t.Fatalf("after %s: next %s %t, want %s", at.Format(time.RFC3339), next, ok, want)
				}
			}
		})
	}
}

func TestHoursMustBeOpenInEveryZone(t *testing.T) {
	hours := hoursOf("mon-fri 09:00 20:00")
	for _, test := range []struct {
		name, after, want string
		zones             []string
		holidays          []string
	}{
		{"Sunday there", "2026-06-01T00:00:00Z", "2026-06-01T16:00:00Z", []string{"America/Boise", "America/Los_Angeles"}, nil},
		{"the later morning", "2026-06-01T12:00:00Z", "2026-06-01T16:00:00Z", []string{"America/Boise", "America/Los_Angeles"}, nil},
		{"Phoenix in winter", "2026-01-05T12:00:00Z", "2026-01-05T16:00:00Z", []string{"America/Denver", "America/Phoenix"}, nil},
		{"Phoenix in summer", "2026-07-06T12:00:00Z", "2026-07-06T16:00:00Z", []string{"America/Denver", "America/Phoenix"}, nil},
		{"other days at the same time", "2026-06-05T12:00:00Z", "2026-06-08T21:00:00Z", []string{"Pacific/Auckland", "Pacific/Honolulu"}, nil},
		{"a holiday where only one of them has that date", "2026-06-08T21:00:00Z", "2026-06-09T21:00:00Z",
			[]string{"Pacific/Auckland", "Pacific/Honolulu"}, []string{"2026-06-08"}},
		{"holidays and a week-end", "2026-12-24T20:00:00Z", "2026-12-29T08:00:00Z", []string{"Europe/Berlin"}, []string{"2026-12-25", "2026-12-28"}},
		{"more holidays than two weeks", "2026-12-01T20:00:00Z", "2026-12-31T08:00:00Z", []string{"Europe/Berlin"}, december(2, 30)},
		{"never", "2026-06-01T00:00:00Z", "", []string{"Europe/London", "Pacific/Auckland"}, nil},
		{"no zones", "2026-06-01T00:00:00Z", "", nil, nil},
		{"a holiday that is no date", "2026-06-01T12:00:00Z", "", []string{"UTC"}, []string{"Christmas"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			zones := zonesOf(t, test.zones...)
			next, ok := hours.NextOpen(moment(t, test.after), zones, test.holidays)
			if ok != (test.want != "") || ok && !next.Equal(moment(t, test.want)) {
				t.Errorf("next open %s %t, want %s", next.UTC(), ok, test.want)
			}
		})
	}
}

func december(first, last int) []string {
	var dates []string
	for day := first; day <= last; day++ {
		dates = append(dates, time.Date(2026, 12, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
	}
	return dates
}

// NextOpen is compared with asking Open minute by minute, for hours, zones, holidays and moments that are drawn.
func TestNextOpenIsTheFirstOpenMinute(t *testing.T) {
	names := []string{"America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago", "Europe/London",
		"Africa/Casablanca", "America/St_Johns", "Pacific/Kiritimati", "Australia/Adelaide"}
	changes := []string{"2026-03-08", "2026-11-01", "2026-10-04", "2026-04-05", "2011-12-30", "2026-09-06", "2026-10-25", "2026-03-29", "2026-02-15"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		hours := drawHours(rng)
		zones := zonesOf(t, names[rng.IntN(len(names))], names[rng.IntN(len(names))])[:1+rng.IntN(2)]
		at, _ := time.Parse(time.DateOnly, changes[rng.IntN(len(changes))])
		at = at.Add(time.Duration(rng.IntN(4*24*60)-3*24*60) * time.Minute)
		holidays := []string{at.AddDate(0, 0, rng.IntN(3)).Format(time.DateOnly)}
		want, found := at, false
		for ; want.Before(at.Add(15 * 24 * time.Hour)); want = want.Add(time.Minute) {
			if found = openInAll(hours, want, zones, holidays); found {
				break
			}
		}
		next, ok := hours.NextOpen(at.Add(time.Duration(rng.IntN(1000))), zones, holidays)
		if found && (!ok || next.Sub(want) >= time.Minute || next.Before(want)) {
			t.Errorf("%s in %v after %s, holidays %s: next open %s %t, want %s", hours, zones, at, holidays, next.UTC(), ok, want)
		}
	}
}

func openInAll(hours interview.CallingHours, at time.Time, zones []*time.Location, holidays []string) bool {
	for _, zone := range zones {
		if !hours.Open(at, zone, holidays) {
			return false
		}
	}
	return true
}

func drawHours(rng *rand.Rand) interview.CallingHours {
	days := []string{"mon-fri", "sat", "sun-tue", "mon-sun", "wed,sat-sun"}
	times := []string{"00:00", "01:30", "02:00", "02:30", "03:15", "09:00", "12:00", "18:45", "23:30", "24:00"}
	var hours interview.CallingHours
	for range 1 + rng.IntN(3) {
		from := rng.IntN(len(times) - 1)
		to := from + 1 + rng.IntN(len(times)-1-from)
		hours = append(hours, interview.CallingWindow{Days: days[rng.IntN(len(days))], From: times[from], To: times[to]})
	}
	return hours
}

func FuzzCallingHours(f *testing.F) {
	f.Add("mon-fri", "09:00", "20:00", "2026-12-25", int64(1_780_000_000))
	f.Add("sun-tue", "23:59", "24:00", "2026-02-30", int64(-1))
	f.Add("-", "::", "", "", int64(0))
	zones := zonesOf(f, "America/New_York", "Australia/Lord_Howe")
	f.Fuzz(func(t *testing.T, days, from, to, holiday string, unix int64) {
		hours := interview.CallingHours{{Days: days, From: from, To: to}}
		faulty := hours.Faults() != nil || interview.HolidayFaults([]string{holiday}) != nil
		at := time.Unix(unix%(1<<33), 0)
		next, ok := hours.NextOpen(at, zones, []string{holiday})
		if ok && (faulty || next.Before(at) || !openInAll(hours, next, zones, []string{holiday})) {
			t.Errorf("%v faulty %t: next open after %s is %s", hours, faulty, at, next)
		}
	})
}
