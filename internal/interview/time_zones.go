package interview

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// TimeZones are the time zones in which a person may be: all of them must agree. Whoever asks the gate loads them, since that reads
// files.
type TimeZones []*time.Location

// Names are the IANA names of the zones.
func (z TimeZones) Names() []string {
	var names []string
	for _, zone := range z {
		names = append(names, zone.String())
	}
	return names
}

// String names at most three zones, so that it stays readable for a number that could be anywhere.
func (z TimeZones) String() string {
	const most = 3
	text := strings.Join(z[:min(len(z), most)].Names(), ", ")
	if more := len(z) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// MarshalJSON writes the names: this is how the facts of a verdict are kept.
func (z TimeZones) MarshalJSON() ([]byte, error) { return json.Marshal(z.Names()) }
