package doctor

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/phone"
	"github.com/i-agent/iagent/internal/twilio"
)

// Bounds of what is looked at: contacts that wait, those that are looked at next, and the countries of which Twilio is asked, those of
// most contacts.
const (
	maxWaiting   = 10_000
	maxCountries = 20
)

// CountriesCheck is the name of the check of the countries of the contacts that wait, which looks into the database, too.
const CountriesCheck = "twilio.countries"

// country is one of contacts that wait.
type country struct {
	iso     string // "" for numbers of which the tables do not tell it
	waiting int
	// callerID says from which of our numbers they are called.
	callerID callerIDKind
	// permission is whether Twilio lets the account call it.
	permission permission
}

type callerIDKind int

const (
	otherCountry callerIDKind = iota // a number of another country
	sharedCode                       // one of another country with the same country code, such as +1
	ownCountry
)

type permission int

const (
	notAsked permission = iota
	allowed
	forbidden
)

// checkCountries looks whether there is a caller id for the countries of the contacts that wait, and whether Twilio calls them.
func (d *doctor) checkCountries(ctx context.Context) outcome {
	numbers, err := d.opened.WaitingNumbers(ctx, maxWaiting)
	if err != nil {
		return skipped("the contacts cannot be read: %v", err)
	}
	if len(numbers) == 0 {
		return ok("nobody waits to be called")
	}
	found := countriesOf(numbers, append([]string{d.PhoneNumber}, d.CallerIDs...))
	untold := d.withTwilio(func(ctx context.Context) outcome { return d.askPermissions(ctx, found) })(ctx)
	return judgeCountries(found, len(numbers), untold.detail)
}

// countriesOf counts numbers by country, that of most numbers first.
func countriesOf(numbers, callerIDs []string) []country {
	counted := map[string]*country{}
	for _, number := range numbers {
		iso := phone.CountryOf(number)
		if counted[iso] == nil {
			counted[iso] = &country{iso: iso, callerID: callerIDFor(number, iso, callerIDs)}
		}
		counted[iso].waiting++
	}
	var found []country
	for _, c := range counted {
		found = append(found, *c)
	}
	slices.SortFunc(found, func(a, b country) int { return cmp.Or(b.waiting-a.waiting, strings.Compare(a.iso, b.iso)) })
	return found
}

func callerIDFor(number, iso string, callerIDs []string) callerIDKind {
	near := phone.SameCountry(callerIDs, number)
	switch {
	case slices.ContainsFunc(near, func(ours string) bool { return iso != "" && phone.CountryOf(ours) == iso }):
		return ownCountry
	case slices.ContainsFunc(near, func(ours string) bool { return phone.SameCode(ours, number) }):
		return sharedCode
	}
	return otherCountry
}

// askPermissions asks Twilio of each country. What it says of those that remain unknown is in the outcome.
func (d *doctor) askPermissions(ctx context.Context, found []country) outcome {
	for n := range found[:min(len(found), maxCountries)] {
		if found[n].iso == "" {
			continue
		}
		is, err := d.rest.CountryAllowed(ctx, found[n].iso)
		var e *twilio.Error
		switch {
		case errors.As(err, &e) && e.Status == http.StatusNotFound:
		case err != nil:
			return d.twilioError(err)
		case is:
			found[n].permission = allowed
		default:
			found[n].permission = forbidden
		}
	}
	return outcome{}
}

// judgeCountries says what is missing for which countries. untold says why Twilio's permissions are not known, "" when they were asked for.
func judgeCountries(found []country, waiting int, untold string) outcome {
	said := map[string][]string{}
	for _, c := range found {
		name := cmp.Or(c.iso, "unknown") + " " + strconv.Itoa(c.waiting)
		if c.permission == forbidden {
			said["forbidden"] = append(said["forbidden"], name)
		}
		switch {
		case c.callerID == sharedCode:
			said["shared"] = append(said["shared"], name+c.permissionWords())
		case c.callerID == otherCountry:
			said["other"] = append(said["other"], name+c.permissionWords())
		}
		if c.permission == notAsked && c.iso != "" {
			said["unknown"] = append(said["unknown"], c.iso)
		}
	}
	text := "contacts wait in " + strconv.Itoa(len(found)) + " countries"
	if len(found) == 1 {
		text = "contacts wait in 1 country"
	}
	if waiting >= maxWaiting {
		text += " (of the " + strconv.Itoa(maxWaiting) + " that are looked at next)"
	}
	for _, part := range []struct{ words, says string }{
		{"forbidden", "the account may not call "}, {"other", "without a caller id of their country: "}, {"shared", "called from another country with the same country code: "},
	} {
		if list := said[part.words]; len(list) > 0 {
			text += "; " + part.says + strings.Join(list, ", ")
		}
	}
	switch {
	case untold != "":
		text += "; Twilio's geographic permissions are not known: " + untold
	case len(said["unknown"]) > 0:
		text += "; Twilio does not tell whether the account may call " + strings.Join(said["unknown"][:min(len(said["unknown"]), maxCountries)], ", ")
	}
	switch {
	case len(said["forbidden"]) > 0:
		return fail("allow the countries in Twilio's console, under Voice, Settings, Geo permissions", "%s", text)
	case len(said["other"]) > 0:
		return warn("add a number of each country to TWILIO_PHONE_NUMBERS; people answer a foreign number less", "%s", text)
	case len(said["shared"]) == 0:
		text += "; each has a caller id of its own"
	}
	return ok("%s", text)
}

func (c country) permissionWords() string {
	return map[permission]string{allowed: " (may be called)", forbidden: " (may not be called)"}[c.permission]
}
