package simulator

import (
	"fmt"
	"strings"
)

// Profiles are the names that [ParseProfile] knows, from the mildest.
func Profiles() []string { return []string{"calm", "rough", "hostile"} }

// ParseProfile gives a profile's rates:
//
//   - calm has no faults.
//   - rough has all those that an application survives by itself, with idempotent webhooks and retries.
//   - hostile has all of them, those included that lose callbacks or leave a request's outcome unknown: somebody
//     has to ask Twilio afterwards.
func ParseProfile(name string) (Faults, error) {
	var f Faults
	switch name {
	case "calm":
	case "rough":
		for _, entry := range catalogue() {
			*entry.rate(&f) = entry.doc.Rough
		}
	case "hostile":
		for _, entry := range catalogue() {
			*entry.rate(&f) = entry.doc.Hostile
		}
	default:
		return f, fmt.Errorf("profile %q is not one of %s", name, strings.Join(Profiles(), ", "))
	}
	return f, nil
}

// Set changes the rate of the fault with this name, as in [FaultDocs]; twins and echoes have that of duplicates.
func (f *Faults) Set(name Fault, rate float64) error {
	if !(rate >= 0 && rate <= 1) {
		return fmt.Errorf("rate of %s is %v: it must be between 0 and 1", name, rate)
	}
	for _, entry := range catalogue() {
		if entry.doc.Name == name {
			*entry.rate(f) = rate
			return nil
		}
	}
	return fmt.Errorf("there is no fault %q", name)
}
