package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Number says how one of the account's numbers is set up: who is asked when somebody calls it (Twilio: IncomingPhoneNumber
// resource). URLs may have a fragment with connection overrides.
type Number struct {
	// VoiceURL is asked for TwiML; "" is [Account.VoiceURL]. FallbackURL is asked when that goes wrong.
	VoiceURL, VoiceMethod       string
	FallbackURL, FallbackMethod string
	// StatusURL is told when a call to the number is over, and of nothing else; "" is [Account.StatusURL].
	StatusURL, StatusMethod string
	// Attestation is the StirStatus of calls from this number to numbers of North America: A, B or C; "" is A.
	Attestation string
}

// ConfigureNumber changes how a number is set up, for calls that begin from now on.
func (s *Simulator) ConfigureNumber(number string, change func(*Number)) error {
	if !s.owns(number) {
		return fmt.Errorf("setting up number %q: it is not one of the account", number)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.numbers[number]
	change(&n)
	switch n.Attestation {
	case "", "A", "B", "C":
	default:
		return fmt.Errorf("setting up number %s: attestation %q is not one of A, B, C", number, n.Attestation)
	}
	s.numbers[number] = n
	return nil
}

// number is how a number is set up, with what it takes from the account; the caller holds mu.
func (s *Simulator) number(number string) Number {
	n := s.numbers[number]
	n.VoiceURL = cmp.Or(n.VoiceURL, s.config.Account.VoiceURL)
	n.StatusURL = cmp.Or(n.StatusURL, s.config.Account.StatusURL)
	n.VoiceMethod, n.FallbackMethod, n.StatusMethod = orPost(n.VoiceMethod), orPost(n.FallbackMethod), orPost(n.StatusMethod)
	return n
}

// owned are the account's numbers; the caller holds mu. An account that has any number has at least those that were set up.
func (s *Simulator) owned() []string {
	if len(s.config.Numbers) > 0 {
		return s.config.Numbers
	}
	return slices.Sorted(maps.Keys(s.numbers))
}

// numberResource is a number as the REST API shows it; the caller holds mu.
func (s *Simulator) numberResource(number string) map[string]any {
	n, sid := s.number(number), s.numberSid(number)
	return map[string]any{
		"sid": sid, "account_sid": s.config.AccountSid, "phone_number": number, "friendly_name": number, "api_version": apiVersion,
		"voice_url": orNull(n.VoiceURL), "voice_method": n.VoiceMethod,
		"voice_fallback_url": orNull(n.FallbackURL), "voice_fallback_method": n.FallbackMethod,
		"status_callback": orNull(n.StatusURL), "status_callback_method": n.StatusMethod, "voice_application_sid": nil, "trunk_sid": nil,
		"voice_caller_id_lookup": false, "voice_receive_mode": "voice",
		"sms_url": nil, "sms_method": "POST", "sms_fallback_url": nil, "sms_fallback_method": "POST", "sms_application_sid": nil,
		"capabilities":         map[string]bool{"voice": true, "sms": true, "mms": false, "fax": false},
		"address_requirements": "none", "address_sid": nil, "identity_sid": nil, "bundle_sid": nil, "beta": false, "origin": "twilio",
		"emergency_status": "Inactive", "emergency_address_sid": nil, "emergency_address_status": "unregistered", "status": "in-use",
		"date_created": rfc2822(s.config.Now()), "date_updated": rfc2822(s.config.Now()),
		"uri": "/" + apiVersion + "/Accounts/" + s.config.AccountSid + "/IncomingPhoneNumbers/" + sid + ".json",
	}
}

func (s *Simulator) numberSid(number string) string { return s.seed.sid("PN", number) }

// listNumbers answers GET IncomingPhoneNumbers.json. With Config.Numbers empty the account has whichever number is asked for.
func (s *Simulator) listNumbers(w http.ResponseWriter, r *http.Request) {
	wanted := r.URL.Query().Get("PhoneNumber")
	s.mu.Lock()
	numbers := s.owned()
	if len(s.config.Numbers) == 0 && e164.MatchString(wanted) {
		numbers = []string{wanted}
		if _, known := s.numbers[wanted]; !known { // from now on the account has it, and its SID names it
			s.numbers[wanted] = Number{}
		}
	}
	var found []map[string]any
	for _, number := range numbers {
		if strings.Contains(number, wanted) && !slices.Contains(s.config.Account.CallerIDs, number) {
			found = append(found, s.numberResource(number))
		}
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, page(r, "incoming_phone_numbers", found))
}

// numberOf finds the number that the path names, or refuses with 404; the caller holds mu.
func (s *Simulator) numberOf(w http.ResponseWriter, r *http.Request) string {
	sid, _ := sidOf(r.PathValue("number"))
	for _, number := range s.owned() {
		if s.numberSid(number) == sid {
			return number
		}
	}
	refuseUnknown(w, r)
	return ""
}

func (s *Simulator) fetchNumber(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if number := s.numberOf(w, r); number != "" {
		answer(w, http.StatusOK, s.numberResource(number))
	}
}

// updateNumber answers POST IncomingPhoneNumbers/{PN}.json: what the request names is changed, an empty value takes it away.
func (s *Simulator) updateNumber(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.numberOf(w, r)
	if number == "" {
		return
	}
	n := s.numbers[number]
	for name, field := range map[string]*string{"VoiceUrl": &n.VoiceURL, "VoiceFallbackUrl": &n.FallbackURL, "StatusCallback": &n.StatusURL} {
		if value, named := formValue(r.PostForm, name); named {
			if value != "" && !absolute(value) {
				refuse(w, http.StatusBadRequest, 21502, name+" is not a valid URL: "+value)
				return
			}
			*field = value
		}
	}
	for name, field := range map[string]*string{"VoiceMethod": &n.VoiceMethod, "VoiceFallbackMethod": &n.FallbackMethod, "StatusCallbackMethod": &n.StatusMethod} {
		if value, named := formValue(r.PostForm, name); named {
			if value != "GET" && value != "POST" {
				refuse(w, http.StatusBadRequest, 21403, name+" must be either GET or POST")
				return
			}
			*field = value
		}
	}
	s.numbers[number] = n
	answer(w, http.StatusOK, s.numberResource(number))
}

func formValue(form url.Values, name string) (string, bool) {
	if !form.Has(name) {
		return "", false
	}
	return form.Get(name), true
}
