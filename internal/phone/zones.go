package phone

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/i-agent/iagent/internal/interview"
)

// ErrZone says that a name is no time zone.
var ErrZone = errors.New("is no time zone such as Europe/Berlin (IANA)")

// Candidates are the time zones, IANA, in which an E.164 number may be: one of Berlin has one, one of a free service in North America
// some forty. None when nothing is known of the number. The result is the caller's own.
func Candidates(e164 string) []string {
	if !interview.ValidPhoneNumber(e164) {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(e164)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(zones), func(zone string) bool { return zone == phonenumbers.UNKNOWN_TIMEZONE })
}

// Zones loads time zones, each once: a zone is read from a file or from the program. The zero Zones is ready, and may be used by many
// at once. The program must have the zones, as cmd/iagent does with time/tzdata.
type Zones struct {
	loaded sync.Map // name -> *time.Location
}

// Of are the zones of a person for the gate: their own alone if they have one, else all of the number. None, when their own is no zone
// or nothing is known of the number: the gate refuses that by name. It never guesses.
func (z *Zones) Of(own, e164 string) interview.TimeZones {
	names := []string{own}
	if own == "" {
		names = Candidates(e164)
	}
	zones, err := z.Load(names...)
	if err != nil {
		return nil
	}
	return zones
}

// Load loads zones by their names, all or none. It returns ErrZone, which names the first that is none.
func (z *Zones) Load(names ...string) (interview.TimeZones, error) {
	var zones interview.TimeZones
	for _, name := range names {
		zone, err := z.load(name)
		if err != nil {
			return nil, err
		}
		zones = append(zones, zone)
	}
	return zones, nil
}

// Known reports whether name is a time zone that a contact may have.
func (z *Zones) Known(name string) bool {
	_, err := z.load(name)
	return err == nil
}

func (z *Zones) load(name string) (*time.Location, error) {
	if zone, ok := z.loaded.Load(name); ok {
		return zone.(*time.Location), nil
	}
	// "" is UTC for the standard library, and "Local" the zone of the server: neither says where a person is.
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" || name == phonenumbers.UNKNOWN_TIMEZONE {
		return nil, fmt.Errorf("%.60q %w", name, ErrZone)
	}
	z.loaded.Store(name, zone)
	return zone, nil
}
