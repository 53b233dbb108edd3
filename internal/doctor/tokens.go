package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/twilio"
)

// TokenQuiet is for how long the old auth token of a rotation must have signed nothing, while the new one signs, before it can
// go. A promotion takes Twilio about a minute, and a webhook is retried for 15 seconds at most: an hour is far beyond both.
const TokenQuiet = time.Hour

func (d *doctor) tokenChecks() []check {
	return []check{{name: "tokens.rotation", lookedAt: "when each auth token was used last", needs: []string{"DATABASE_URL", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"},
		run: d.withDatabase(d.checkRotation)}}
}

// lastUse is when a token was used, zero for never.
type lastUse struct{ signed, rest time.Time }

// text says it so that it stays true: what is found is read later, too.
func (u lastUse) text() string {
	return "signed last " + when(u.signed) + ", used for REST last " + when(u.rest)
}

func when(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return "at " + at.UTC().Format("2006-01-02 15:04:05 UTC")
}

// checkRotation says how far a rotation is, and when the old token can go.
func (d *doctor) checkRotation(ctx context.Context) outcome {
	uses, err := d.opened.TokenUses(ctx)
	if err != nil {
		return skipped("the uses of tokens cannot be read: %v", err)
	}
	var last [2]lastUse
	for n := range min(len(d.Tokens), 2) {
		last[n] = usesOf(uses, d.Tokens[n])
	}
	now := d.Now()
	if len(d.Tokens) < 2 {
		return ok("no rotation is under way; TWILIO_AUTH_TOKEN: %s", last[0].text())
	}
	detail := fmt.Sprintf("TWILIO_AUTH_TOKEN: %s; TWILIO_AUTH_TOKEN_SECONDARY: %s", last[0].text(), last[1].text())
	primary, secondary := last[0].signed, last[1].signed
	switch {
	case primary.IsZero() && secondary.IsZero():
		return ok("a rotation is prepared, no webhook came yet; %s", detail)
	case secondary.After(primary) && now.Sub(primary) > TokenQuiet:
		return warn("make TWILIO_AUTH_TOKEN_SECONDARY the TWILIO_AUTH_TOKEN, and remove the old one, which can go", "the secondary token was promoted; %s", detail)
	case secondary.After(primary):
		return ok("the secondary token was promoted; wait until TWILIO_AUTH_TOKEN has signed nothing for %s; %s", TokenQuiet, detail)
	case !secondary.IsZero() && now.Sub(secondary) > TokenQuiet:
		return warn("remove TWILIO_AUTH_TOKEN_SECONDARY: the old one can go", "the rotation is over; %s", detail)
	case !secondary.IsZero():
		return ok("the rotation is nearly over; wait until TWILIO_AUTH_TOKEN_SECONDARY has signed nothing for %s; %s", TokenQuiet, detail)
	}
	return ok("TWILIO_AUTH_TOKEN_SECONDARY signs nothing until it is promoted at Twilio; %s", detail)
}

func usesOf(uses []store.TokenUse, token string) (found lastUse) {
	for _, use := range uses {
		if use.Fingerprint != twilio.Fingerprint(token) {
			continue
		}
		if use.For == "webhook" {
			found.signed = use.Last
		} else {
			found.rest = use.Last
		}
	}
	return found
}
