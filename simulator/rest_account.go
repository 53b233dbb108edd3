package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// Account is what the REST API says of the account, besides its calls and messages.
type Account struct {
	// Status is active, suspended or closed; "" means active. A simulator goes on calling all the same: see
	// [Simulator.RefuseCredentials].
	Status string
	// Trial makes it a trial account.
	Trial bool
	// Balance is what is left, such as "12.50"; "" means "100.00".
	Balance string
	// VoiceURL and StatusURL are asked when somebody calls one of the numbers ([Simulator.CallIn]), unless [Number] says
	// otherwise of it.
	VoiceURL, StatusURL string
	// CallerIDs are numbers of others that may be shown to whoever is called.
	CallerIDs []string
	// Forbidden are the countries that may not be called, such as "LV" (geographic permissions).
	Forbidden []string
}

// ChangeAccount changes what the REST API says of the account from now on.
func (s *Simulator) ChangeAccount(change func(*Account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.config.Account)
}

// account is what the API says now.
func (s *Simulator) account() Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.config.Account
	a.CallerIDs, a.Forbidden = slices.Clone(a.CallerIDs), slices.Clone(a.Forbidden)
	if a.Status == "" {
		a.Status = "active"
	}
	if a.Balance == "" {
		a.Balance = "100.00"
	}
	return a
}

// fetchAccount answers GET Accounts/{AC}.json. Its auth_token is left out: nobody should need it.
func (s *Simulator) fetchAccount(w http.ResponseWriter, _ *http.Request) {
	a, sid := s.account(), s.config.AccountSid
	kind := "Full"
	if a.Trial {
		kind = "Trial"
	}
	answer(w, http.StatusOK, map[string]any{
		"sid": sid, "owner_account_sid": sid, "friendly_name": "Simulated account", "status": a.Status, "type": kind,
		"date_created": rfc2822(s.config.Now()), "date_updated": rfc2822(s.config.Now()),
		"uri":              "/" + apiVersion + "/Accounts/" + sid + ".json",
		"subresource_uris": map[string]string{"calls": "/" + apiVersion + "/Accounts/" + sid + "/Calls.json"},
	})
}

// fetchBalance answers GET Balance.json.
func (s *Simulator) fetchBalance(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"account_sid": s.config.AccountSid, "balance": s.account().Balance, "currency": "USD"})
}

// listCallerIDs answers GET OutgoingCallerIds.json.
func (s *Simulator) listCallerIDs(w http.ResponseWriter, r *http.Request) {
	var found []map[string]any
	for _, number := range s.account().CallerIDs {
		if wanted := r.URL.Query().Get("PhoneNumber"); wanted != "" && wanted != number {
			continue
		}
		sid := s.seed.sid("PN", number)
		found = append(found, map[string]any{
			"sid": sid, "account_sid": s.config.AccountSid, "phone_number": number, "friendly_name": number,
			"date_created": rfc2822(s.config.Now()), "date_updated": rfc2822(s.config.Now()),
			"uri": "/" + apiVersion + "/Accounts/" + s.config.AccountSid + "/OutgoingCallerIds/" + sid + ".json",
		})
	}
	answer(w, http.StatusOK, page(r, "outgoing_caller_ids", found))
}

// permitted is a country of the geographic permissions.
type permitted struct{ iso, name, continent, code string }

// countries are some of them; Twilio has all.
var countries = []permitted{
	{"US", "United States", "NORTH_AMERICA", "+1"}, {"CA", "Canada", "NORTH_AMERICA", "+1"}, {"BS", "Bahamas", "NORTH_AMERICA", "+1242"},
	{"GB", "United Kingdom", "EUROPE", "+44"}, {"DE", "Germany", "EUROPE", "+49"}, {"FR", "France", "EUROPE", "+33"},
	{"LV", "Latvia", "EUROPE", "+371"}, {"IN", "India", "ASIA", "+91"}, {"AU", "Australia", "OCEANIA", "+61"},
}

// resource is a country as voice.twilio.com shows it.
func (c permitted) resource(a Account) map[string]any {
	base := "https://voice.twilio.com/v1/DialingPermissions/Countries/" + c.iso
	return map[string]any{
		"iso_code": c.iso, "name": c.name, "continent": c.continent, "country_codes": []string{c.code},
		"low_risk_numbers_enabled": !slices.Contains(a.Forbidden, c.iso), "high_risk_special_numbers_enabled": false,
		"high_risk_tollfraud_numbers_enabled": false, "url": base,
		"links": map[string]string{"highrisk_special_prefixes": base + "/HighRiskSpecialPrefixes"},
	}
}

// listPermissions answers GET /v1/DialingPermissions/Countries of voice.twilio.com, filtered by IsoCode and CountryCode.
func (s *Simulator) listPermissions(w http.ResponseWriter, r *http.Request) {
	q, found := r.URL.Query(), []map[string]any{}
	for _, c := range countries {
		if iso := q.Get("IsoCode"); iso != "" && iso != c.iso {
			continue
		}
		if code := q.Get("CountryCode"); code != "" && strings.TrimPrefix(code, "+") != strings.TrimPrefix(c.code, "+") {
			continue
		}
		found = append(found, c.resource(s.account()))
	}
	answer(w, http.StatusOK, map[string]any{"content": found, "meta": map[string]any{
		"page": 0, "page_size": 50, "key": "content", "next_page_url": nil, "previous_page_url": nil,
		"first_page_url": "https://voice.twilio.com/v1/DialingPermissions/Countries?PageSize=50&Page=0",
		"url":            "https://voice.twilio.com/v1/DialingPermissions/Countries?PageSize=50&Page=0",
	}})
}

// fetchPermission answers GET /v1/DialingPermissions/Countries/{IsoCode} of voice.twilio.com.
func (s *Simulator) fetchPermission(w http.ResponseWriter, r *http.Request) {
	for _, c := range countries {
		if c.iso == r.PathValue("iso") {
			answer(w, http.StatusOK, c.resource(s.account()))
			return
		}
	}
	refuseUnknown(w, r)
}
