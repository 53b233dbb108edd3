package interview

import (
	"hash/fnv"
	"strconv"
	"time"
)

// Retry is what the time of the next attempt depends on.
type Retry struct {
	// ContactID makes the time of one contact differ from that of the next.
	ContactID string
	Policy    AttemptPolicy
	Hours     CallingHours
	Holidays  []string
	Zones     TimeZones
	// Ended is when the attempts so far ended, oldest first.
	Ended []time.Time
}

const (
	// retryDays is how far after the first possible moment another part of the day is looked for. A week has all parts.
	retryDays = 7
	// minPart is the shortest part of a day that is used while there are others: contacts are spread over it.
	minPart = 30 * time.Minute
)

// The parts of a calling day, by the clock of the first zone.
const (
	noon    = 12 * time.Hour // begins the afternoon
	evening = 17 * time.Hour
)

// NextAttempt is when to try again: not before the policy's wait after the last attempt, inside the hours of all zones, and in a part
// of the day (morning, afternoon, evening) that was tried least; of two such parts in the next that comes. Who is never at home in
// the morning is so called at other times.
//
// Within that part, contacts are spread evenly by a hash of their id and of the number of the attempt: the same facts give the same
// moment. It reports false when nothing is open, see [CallingHours.NextOpen].
func NextAttempt(r Retry) (time.Time, bool) {
	s, ok := newSchedule(r.Hours, r.Holidays)
	if !ok || len(r.Ended) == 0 {
		return time.Time{}, false
	}
	earliest := r.Ended[len(r.Ended)-1].Add(time.Duration(r.Policy.WaitMinutes) * time.Minute)
	first, ok := s.nextOpen(earliest, r.Zones)
	if !ok {
		return time.Time{}, false
	}
	var tried [3]int
	for _, at := range r.Ended {
		tried[partOf(clockOf(at.In(r.Zones[0])))]++
	}
	// Of the parts that come, in their order, the first of those that were tried least.
	best, start, end := 0, time.Time{}, time.Time{}
	for from, until := first, first.Add(retryDays*day); from.Before(until); {
		to := s.closing(from, r.Zones, partEnd(from, r.Zones[0]))
		rank := 2 * tried[partOf(clockOf(from.In(r.Zones[0])))]
		if to.Sub(from) < minPart {
			rank += 2*len(r.Ended) + 1 // after all others
		}
		if start.IsZero() || rank < best {
			best, start, end = rank, from, to
		}
		if from, ok = s.nextOpen(to, r.Zones); !ok {
			break
		}
	}
	seconds := max(int64(end.Sub(start)/time.Second), 1)
	return start.Add(time.Duration(spread(r.ContactID, len(r.Ended), seconds)) * time.Second), true
}

// partOf is the part of the day in which a clock is: 0, 1 or 2.
func partOf(clock time.Duration) int {
	switch {
	case clock < noon:
		return 0
	case clock < evening:
		return 1
	}
	return 2
}

// partEnd is when the part of the day ends in which t is.
func partEnd(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	clock := clockOf(local)
	end := t.Add([]time.Duration{noon, evening, day}[partOf(clock)] - clock)
	if _, change := local.ZoneBounds(); !change.IsZero() && end.After(change) {
		return change // the clock is set: what follows is looked at anew
	}
	return end
}

// spread is a number below n that looks random and is always the same for a contact and an attempt.
func spread(contactID string, attempt int, n int64) int64 {
	h := fnv.New64a()
	h.Write([]byte(contactID + "/" + strconv.Itoa(attempt)))
	// The last step of FNV leaves neighbours close together: mix the bits (the finalizer of MurmurHash3).
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return int64(x % uint64(n))
}
