package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"

	api "github.com/twilio/twilio-go/rest/api/v2010"
	voice "github.com/twilio/twilio-go/rest/voice/v1"
)

// RemoteAccount is the account as Twilio's REST API shows it.
type RemoteAccount struct {
	Sid string
	// Status is active, suspended or closed.
	Status string
	// Trial says that only verified numbers can be called.
	Trial bool
}

// FetchAccount looks the client's account up.
func (c *Client) FetchAccount(ctx context.Context) (RemoteAccount, error) {
	var found RemoteAccount
	err := c.exchange(ctx, "fetching the account", c.shared, func(x *exchange) error {
		body, err := x.fetch("/2010-04-01/Accounts/" + c.config.AccountSid + ".json")
		if err != nil {
			return err
		}
		var row api.ApiV2010Account
		if json.Unmarshal(body, &row) != nil || text(row.Sid) != c.config.AccountSid || text(row.Status) == "" {
			return errNotTwilios
		}
		found = RemoteAccount{Sid: *row.Sid, Status: *row.Status, Trial: strings.EqualFold(text(row.Type), "Trial")}
		return nil
	})
	return found, err
}

// Balance is what is left of the account's funds, such as "12.50" and "USD".
func (c *Client) Balance(ctx context.Context) (amount, currency string, err error) {
	err = c.exchange(ctx, "fetching the balance", c.shared, func(x *exchange) error {
		body, err := x.fetch(c.path("Balance.json"))
		if err != nil {
			return err
		}
		var row api.ApiV2010Balance
		if json.Unmarshal(body, &row) != nil || text(row.Balance) == "" {
			return errNotTwilios
		}
		amount, currency = *row.Balance, text(row.Currency)
		return nil
	})
	return amount, currency, err
}

// OwnNumber is a phone number of the account.
type OwnNumber struct {
	// VoiceURL is asked with VoiceMethod when somebody calls the number, StatusURL is told when the call is over; "" for none.
	VoiceURL, VoiceMethod, VoiceFallbackURL, StatusURL string
	// Application or Trunk, when set, answers in the place of VoiceURL.
	Application, Trunk string
	// Voice says that the number can be used for calls.
	Voice bool
}

// FindNumber looks up a number of the account, E.164; it reports false when the account has no such number.
func (c *Client) FindNumber(ctx context.Context, number string) (OwnNumber, bool, error) {
	var found *OwnNumber
	err := c.exchange(ctx, "looking the number up", c.shared, func(x *exchange) error {
		return x.list(c.path("IncomingPhoneNumbers.json"), url.Values{"PhoneNumber": {number}}, "incoming_phone_numbers", func(raw json.RawMessage) error {
			var row api.ApiV2010IncomingPhoneNumber
			if err := json.Unmarshal(raw, &row); err != nil {
				return errors.New("a number in another form")
			}
			if text(row.PhoneNumber) != number { // Twilio's filter takes parts of numbers, too
				return nil
			}
			found = &OwnNumber{VoiceURL: text(row.VoiceUrl), VoiceMethod: text(row.VoiceMethod), VoiceFallbackURL: text(row.VoiceFallbackUrl),
				StatusURL: text(row.StatusCallback), Application: text(row.VoiceApplicationSid), Trunk: text(row.TrunkSid),
				Voice: row.Capabilities == nil || row.Capabilities.Voice}
			return nil
		})
	})
	if err != nil || found == nil {
		return OwnNumber{}, false, err
	}
	return *found, true, nil
}

// VerifiedCallerID reports whether the account may show a number of somebody else, E.164, to whoever it calls.
func (c *Client) VerifiedCallerID(ctx context.Context, number string) (bool, error) {
	verified := false
	err := c.exchange(ctx, "looking the caller id up", c.shared, func(x *exchange) error {
		return x.list(c.path("OutgoingCallerIds.json"), url.Values{"PhoneNumber": {number}}, "outgoing_caller_ids", func(raw json.RawMessage) error {
			var row api.ApiV2010OutgoingCallerId
			if err := json.Unmarshal(raw, &row); err != nil {
				return errors.New("a caller id in another form")
			}
			verified = verified || text(row.PhoneNumber) == number
			return nil
		})
	})
	return verified, err
}

// DialingPermission says whether the account may call numbers of a country.
type DialingPermission struct {
	// Country is its name, ISO its code of two letters.
	Country, ISO string
	// Allowed is about ordinary numbers; premium and other risky ones have permissions of their own.
	Allowed bool
}

// DialingPermissions are those of the countries that a number, E.164, may belong to: several share +1, for instance. It is
// empty when Twilio knows no such country.
func (c *Client) DialingPermissions(ctx context.Context, number string) ([]DialingPermission, error) {
	v := c.onHost("voice")
	var found []DialingPermission
	longest := 0
	digits := strings.TrimPrefix(number, "+")
	err := v.exchange(ctx, "asking for the geographic permissions", v.shared, func(x *exchange) error {
		for n := 1; n <= min(4, len(digits)); n++ { // a country code has one to four digits, such as +1242
			body, err := x.fetch("/v1/DialingPermissions/Countries?" + url.Values{"CountryCode": {digits[:n]}, "PageSize": {"100"}}.Encode())
			if err != nil {
				return err
			}
			var page struct {
				Content []voice.VoiceV1DialingPermissionsCountry `json:"content"`
			}
			if json.Unmarshal(body, &page) != nil || page.Content == nil {
				return errNotTwilios
			}
			for _, row := range page.Content {
				if row.CountryCodes == nil || !slices.ContainsFunc(*row.CountryCodes, func(code string) bool {
					return strings.TrimPrefix(code, "+") == digits[:n]
				}) {
					continue
				}
				if n > longest {
					longest, found = n, nil
				}
				found = append(found, DialingPermission{Country: text(row.Name), ISO: text(row.IsoCode),
					Allowed: row.LowRiskNumbersEnabled != nil && *row.LowRiskNumbersEnabled})
			}
		}
		return nil
	})
	return found, err
}

// CountryAllowed reports whether the account may call ordinary numbers of a country, ISO 3166-1 alpha-2. The error is an *Error with status
// 404 when Twilio knows no such country.
func (c *Client) CountryAllowed(ctx context.Context, iso string) (bool, error) {
	v := c.onHost("voice")
	var row voice.VoiceV1DialingPermissionsCountryInstance
	err := v.exchange(ctx, "asking for the geographic permissions", v.shared, func(x *exchange) error {
		body, err := x.fetch("/v1/DialingPermissions/Countries/" + url.PathEscape(iso))
		if err != nil {
			return err
		}
		if json.Unmarshal(body, &row) != nil || row.IsoCode == nil {
			return errNotTwilios
		}
		return nil
	})
	return row.LowRiskNumbersEnabled != nil && *row.LowRiskNumbersEnabled, err
}

// onHost is the client for another of Twilio's API hosts, such as voice.twilio.com beside api.twilio.com. A base URL that is
// not Twilio's, as that of the simulator, answers for all of them.
func (c *Client) onHost(name string) *Client {
	host := strings.ToLower(c.base.Host)
	if !twilioHost.MatchString(host) {
		return c
	}
	other, base := *c, *c.base
	base.Host = name + strings.TrimPrefix(host, "api")
	other.base = &base
	return &other
}
