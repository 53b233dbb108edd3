package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/twilio"
)

// tokenNames are the variables of the account's tokens, in their order.
var tokenNames = []string{"TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_SECONDARY"}

func (d *doctor) twilioChecks() []check {
	api := d.APIURL
	if api == "" {
		api = twilio.DefaultAPIURL
	}
	api = bareURL(api)
	needs := []string{"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_URL"}
	checks := []check{
		{name: "twilio.token", lookedAt: tokenNames[0] + " at " + api, needs: needs, run: func(ctx context.Context) outcome { return d.checkToken(ctx, 0) }},
		{name: "twilio.secondary-token", lookedAt: tokenNames[1] + " at " + api, needs: append(needs, tokenNames[1]), run: func(ctx context.Context) outcome { return d.checkToken(ctx, 1) }},
	}
	for _, account := range slices.Sorted(maps.Keys(d.AccountTokens)) {
		for n, token := range d.AccountTokens[account] {
			checks = append(checks, check{name: "twilio.subaccount-token", lookedAt: fmt.Sprintf("TWILIO_ACCOUNT_TOKENS, token %d of %s", n+1, account),
				needs: []string{"TWILIO_ACCOUNT_TOKENS", "TWILIO_API_URL"},
				run:   func(ctx context.Context) outcome { return d.tokenOf(ctx, account, token, "TWILIO_ACCOUNT_TOKENS") }})
		}
	}
	checks = append(checks,
		check{name: "twilio.account", lookedAt: d.AccountSid, needs: needs, run: d.withTwilio(d.checkAccount)},
		check{name: "twilio.balance", lookedAt: d.AccountSid, needs: needs, run: d.withTwilio(d.checkBalance)},
		check{name: "twilio.number", lookedAt: "TWILIO_PHONE_NUMBER", needs: append(needs, "TWILIO_PHONE_NUMBER"), run: d.withTwilio(func(ctx context.Context) outcome { return d.checkNumber(ctx, d.PhoneNumber, "TWILIO_PHONE_NUMBER") })},
		check{name: "twilio.permissions", lookedAt: "geographic permissions", needs: append(needs, "TWILIO_PHONE_NUMBER"), run: d.withTwilio(d.checkPermissions)},
	)
	checks = append(checks, check{name: CountriesCheck, lookedAt: "countries of the contacts that wait", needs: []string{"DATABASE_URL", "TWILIO_PHONE_NUMBER", "TWILIO_PHONE_NUMBERS"},
		run: d.withDatabase(d.checkCountries)})
	for _, number := range d.CallerIDs {
		checks = append(checks, check{name: "twilio.caller-id", lookedAt: "TWILIO_PHONE_NUMBERS, " + interview.MaskPhoneNumber(number), needs: append(needs, "TWILIO_PHONE_NUMBERS"),
			run: d.withTwilio(func(ctx context.Context) outcome { return d.checkNumber(ctx, number, "TWILIO_PHONE_NUMBERS") })})
	}
	return checks
}

// client speaks with one token.
func (d *doctor) client(account, token string) (*twilio.Client, error) {
	return twilio.New(twilio.Config{AccountSid: account, AuthToken: token, APIURL: d.APIURL, UserAgent: d.UserAgent, Timeout: defaultWithin})
}

func (d *doctor) checkToken(ctx context.Context, n int) outcome {
	if d.AccountSid == "" {
		if n > 0 {
			return skipped("TWILIO_ACCOUNT_SID is not set")
		}
		return warn("set TWILIO_ACCOUNT_SID to the AccountSid of the Twilio console", "TWILIO_ACCOUNT_SID is not set: no call can be placed, no recording fetched")
	}
	if n >= len(d.Tokens) {
		return skipped("%s is not set", tokenNames[n])
	}
	said := d.tokenOf(ctx, d.AccountSid, d.Tokens[n], tokenNames[n])
	if said.result == OK && d.rest == nil {
		d.rest, _ = d.client(d.AccountSid, d.Tokens[n])
	}
	return said
}

// tokenOf asks Twilio with a token.
func (d *doctor) tokenOf(ctx context.Context, account, token, variable string) outcome {
	client, err := d.client(account, token)
	if err != nil {
		return fail("correct the setting", "%v", err)
	}
	_, err = client.FetchAccount(ctx)
	var e *twilio.Error
	switch {
	case err == nil:
		return ok("Twilio accepts it")
	case !errors.As(err, &e):
		return fail("run iagent doctor again", "%v", err)
	case e.Status == http.StatusUnauthorized && variable == tokenNames[1]:
		return warn("remove "+variable+", or copy the secondary token from Twilio's console again", "Twilio refuses it (401): it was deleted, or is another account's")
	case e.Status == http.StatusUnauthorized:
		return fail("copy the account's primary auth token from Twilio's console into "+variable, "Twilio refuses it (401%s): it was rotated, or is another account's", code(e))
	}
	return d.twilioError(err)
}

func code(e *twilio.Error) string {
	if e.Code == 0 {
		return ""
	}
	return ", " + strconv.Itoa(e.Code)
}

// twilioError is what an answer, or none, of Twilio's REST API means.
func (d *doctor) twilioError(err error) outcome {
	var e *twilio.Error
	if !errors.As(err, &e) {
		return fail("run iagent doctor again", "%v", err)
	}
	switch {
	case e.Status == 0:
		return fail("check the network, DNS, the firewall and TWILIO_API_URL", "Twilio is not reached: %v", err)
	case e.Status == http.StatusUnauthorized:
		return fail("copy the account's auth token from Twilio's console again", "Twilio refuses the credentials%s", code(e))
	case e.Status == http.StatusForbidden:
		return fail("look at the account in Twilio's console", "Twilio refuses the account%s: %s", code(e), twilio.Meaning(e.Status, e.Code))
	case e.Status == http.StatusNotFound:
		return fail("check TWILIO_ACCOUNT_SID and TWILIO_API_URL", "there is no such account there (404%s)", code(e))
	case e.Status >= 500 || e.Throttled():
		return warn("try again later; status.twilio.com tells of outages", "Twilio answers %d", e.Status)
	}
	return fail("check TWILIO_API_URL", "who answers is not Twilio: %v", err)
}

// withTwilio skips a check where no token is accepted.
func (d *doctor) withTwilio(run func(context.Context) outcome) func(context.Context) outcome {
	return func(ctx context.Context) outcome {
		if d.rest == nil {
			// The checks of the tokens may not be wanted.
			for _, token := range d.Tokens {
				if d.AccountSid == "" || len(d.Only) == 0 {
					break
				}
				client, err := d.client(d.AccountSid, token)
				if err == nil && client.CheckAccount(ctx) == nil {
					d.rest = client
					break
				}
			}
		}
		if d.rest == nil {
			return skipped("no token is accepted by Twilio")
		}
		return run(ctx)
	}
}

func (d *doctor) checkAccount(ctx context.Context) outcome {
	account, err := d.rest.FetchAccount(ctx)
	switch {
	case err != nil:
		return d.twilioError(err)
	case account.Status != "active":
		return fail("reactivate it in Twilio's console, or ask Twilio's support", "the account is %s: no call is placed", account.Status)
	case account.Trial:
		return warn("upgrade the account in Twilio's console", "it is a trial account: it calls verified numbers only, and plays a message first")
	}
	return ok("the account is active")
}

func (d *doctor) checkBalance(ctx context.Context) outcome {
	amount, currency, err := d.rest.Balance(ctx)
	if err != nil {
		return skipped("Twilio does not tell: %v", err)
	}
	left, err := strconv.ParseFloat(amount, 64)
	switch {
	case err != nil:
		return skipped("the balance cannot be read")
	case left <= 0:
		return fail("add funds in Twilio's console", "the balance is %s %s: no call is placed", amount, currency)
	case left < 5:
		return warn("add funds in Twilio's console", "the balance is %s %s", amount, currency)
	}
	return ok("the balance is %s %s", amount, currency)
}

// checkNumber looks at the caller id: the account's own, or verified for it.
func (d *doctor) checkNumber(ctx context.Context, number, variable string) outcome {
	if number == "" {
		return warn("set TWILIO_PHONE_NUMBER to a number of the account", "TWILIO_PHONE_NUMBER is not set: no call can be placed")
	}
	masked := interview.MaskPhoneNumber(number)
	own, found, err := d.rest.FindNumber(ctx, number)
	if err != nil {
		return d.twilioError(err)
	}
	if !found {
		verified, err := d.rest.VerifiedCallerID(ctx, number)
		switch {
		case err != nil:
			return d.twilioError(err)
		case !verified:
			return fail("buy a number, verify this one as caller id in Twilio's console, or correct "+variable, "%s is neither the account's nor a verified caller id", masked)
		}
		return ok("%s is a verified caller id; whoever calls back reaches its owner", masked)
	}
	if !own.Voice {
		return fail("take a number that can be used for calls", "%s cannot be used for calls", masked)
	}
	return d.incoming(masked, own)
}

// incoming says what happens when somebody calls the number back: the voice webhook should answer.
func (d *doctor) incoming(number string, own twilio.OwnNumber) outcome {
	var parts []string
	for _, part := range [][2]string{{"trunk", own.Trunk}, {"application", own.Application}, {"voice URL", urlWithMethod(own.VoiceURL, own.VoiceMethod)},
		{"fallback URL", bareURL(own.VoiceFallbackURL)}, {"status callback", bareURL(own.StatusURL)}} {
		if part[1] != "" {
			parts = append(parts, part[0]+" "+part[1])
		}
	}
	what := "no URL is configured for it"
	if len(parts) > 0 {
		what = strings.Join(parts, ", ")
	}
	base, _ := url.Parse(d.BaseURL)
	answers := strings.TrimRight(d.BaseURL, "/") + interview.WebhookPath(interview.V1) + "voice"
	cure := "in Twilio's console, let the number's voice configuration be: A call comes in, webhook, " + answers + ", HTTP POST"
	u, err := url.Parse(own.VoiceURL)
	switch ours := err == nil && base != nil && strings.EqualFold(u.Hostname(), base.Hostname()); {
	case own.Trunk != "" || own.Application != "":
		return warn(cure, "%s is the account's; whoever calls it back reaches something else: %s", number, what)
	case own.VoiceURL == "":
		return warn(cure, "%s is the account's; whoever calls it back is not answered: %s", number, what)
	case !ours || !strings.Contains(u.Path, "/api/webhooks/"):
		return warn(cure, "%s is the account's; whoever calls it back is not answered by this installation, and cannot opt out there: %s", number, what)
	case !strings.HasSuffix(u.Path, "/voice") || u.Query().Has("callId") || !strings.EqualFold(cmp.Or(own.VoiceMethod, http.MethodPost), http.MethodPost):
		return fail(cure, "%s is the account's; its voice URL is not the voice webhook, by POST and without callId: %s", number, what)
	}
	return ok("%s is the account's, and whoever calls it is answered: %s", number, what)
}

func urlWithMethod(text, method string) string {
	if text == "" {
		return ""
	}
	return strings.TrimSpace(bareURL(text) + " " + method)
}

// bareURL is a URL without credentials, query and fragment.
func bareURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// checkPermissions looks at the permissions of the country that is to be called.
func (d *doctor) checkPermissions(ctx context.Context) outcome {
	number, whose := d.Callee, "the number"
	if number == "" {
		number, whose = d.PhoneNumber, "TWILIO_PHONE_NUMBER"
	}
	if number == "" {
		return skipped("give a number that shall be called, with --number")
	}
	permissions, err := d.rest.DialingPermissions(ctx, number)
	var e *twilio.Error
	switch {
	case errors.As(err, &e) && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound):
		return skipped("Twilio does not tell (%d)", e.Status)
	case err != nil:
		return d.twilioError(err)
	case len(permissions) == 0:
		return warn("check the number", "Twilio knows no country for %s", whose)
	}
	var allowed, forbidden []string
	for _, p := range permissions {
		if p.Allowed {
			allowed = append(allowed, p.ISO)
		} else {
			forbidden = append(forbidden, p.ISO)
		}
	}
	const cure = "allow the country in Twilio's console, under Voice, Settings, Geo permissions"
	switch {
	case len(allowed) == 0:
		return fail(cure, "the account may not call the country of %s: %s", whose, strings.Join(forbidden, ", "))
	case len(forbidden) > 0 && d.Callee != "":
		return warn(cure, "of the countries that %s may be of, the account may call %s and not %s", whose, strings.Join(allowed, ", "), strings.Join(forbidden, ", "))
	}
	return ok("the account may call the country of %s: %s", whose, strings.Join(allowed, ", "))
}
