package doctor_test

import (
	"testing"

	"github.com/i-agent/iagent/internal/doctor"
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/store/storetest"
	"github.com/i-agent/iagent/simulator"
)

func TestDoctorTellsForWhichCountriesThereIsNoCallerID(t *testing.T) {
	sim, config := simulated(t, simulator.Config{Numbers: []string{number}})
	s, err := store.Open(t.Context(), storetest.SQLite(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	config.Store, config.PhoneNumber = s, "+12127360100"
	const check = "twilio.countries"
	expect(t, config, check, doctor.OK, "nobody waits")

	wait := func(numbers ...string) {
		c, err := s.CreateCampaign(t.Context(), interview.Campaign{Name: "Shelves", Status: interview.CampaignPaused, Identity: storetest.Caller(), CallingHours: interview.AllHours()})
		if err != nil {
			t.Fatal(err)
		}
		var contacts []interview.Contact
		for _, n := range numbers {
			contacts = append(contacts, interview.Contact{PhoneNumber: n, TimeZone: "UTC"})
		}
		added, err := s.AddContacts(t.Context(), store.NewContacts{CampaignID: c.ID, Contacts: contacts})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range added {
			if a.ID == "" {
				t.Fatalf("not added: %+v", a)
			}
		}
	}
	wait("+12127360001", "+12127360002")
	expect(t, config, check, doctor.OK, "contacts wait in 1 country; each has a caller id of its own")
	wait("+14165550123") // Canada shares +1
	expect(t, config, check, doctor.OK, "called from another country with the same country code: CA 1 (may be called)")
	wait("+493012345678", "+493012345679", "+37120000000")
	expect(t, config, check, doctor.Warn, "without a caller id of their country: DE 2 (may be called), LV 1 (may be called)")

	with := config
	with.CallerIDs = []string{"+493099999999"}
	expect(t, with, check, doctor.Warn, "country: LV 1 (may be called)")

	sim.ChangeAccount(func(a *simulator.Account) { a.Forbidden = []string{"LV"} })
	expect(t, config, check, doctor.Fail, "the account may not call LV 1; without a caller id of their country: DE 2 (may be called), LV 1 (may not be called)")
	with.CallerIDs = []string{"+493099999999", "+37129999999"}
	expect(t, with, check, doctor.Fail, "the account may not call LV 1")

	// Without Twilio it still says what it knows.
	away := config
	away.Tokens = nil
	expect(t, away, check, doctor.Warn, "DE 2, LV 1; called from another country with the same country code: CA 1; Twilio's geographic permissions are not known: no token is accepted")

	wait("+33123456789", "+351210000000") // the simulated Twilio knows no Portugal
	expect(t, config, check, doctor.Fail, "Twilio does not tell whether the account may call PT")
}
