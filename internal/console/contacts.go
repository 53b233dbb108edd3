package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
)

func (c *Console) routeContacts(mux *http.ServeMux) {
	c.page(mux, "GET /console/contacts", c.contacts)
	c.page(mux, "GET /console/contacts/{id}", c.contact)
	c.page(mux, "GET /console/campaigns/{id}/export", c.exportCampaign)
}

var contactConditions = []string{"state", "campaignId", "reason", "phoneNumber", "externalId"}

// contactsView is what the list of contacts shows.
type contactsView struct {
	listView
	rows []contactRow
}

// contactRow is a contact as somebody of a role sees it.
type contactRow struct {
	interview.Contact
	number, external, link string
	// local is the next time by the clock of the contact's own zone, "" where it has none.
	local string
	// optedOut says that the person asked in a call never to be called again.
	optedOut bool
}

func (c *Console) contactRow(role Role, contact interview.Contact, link string) contactRow {
	return contactRow{Contact: contact, number: shownNumber(role, contact.PhoneNumber), external: shownText(role, contact.ExternalID), link: link,
		local: localTime(contact.NextAt, contact.TimeZone)}
}

// localTime is a moment by the clock of a zone, "" without one of them.
func localTime(at *time.Time, zone string) string {
	if at == nil || zone == "" {
		return ""
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		return ""
	}
	return at.In(place).Format("Mon 01-02 15:04") + " in " + zone
}

// contactStateWords are a state in words. Why a contact is in it, [contactRow.whyWords] says beside it. A word that is no state is shown as
// it is.
func contactStateWords(s interview.ContactState) string {
	switch s {
	case interview.ContactWaiting:
		return "waiting"
	case interview.ContactCalling:
		return "being called"
	case interview.ContactReached:
		return "reached"
	case interview.ContactExhausted:
		return "not reached"
	case interview.ContactRefused:
		return "not to be called"
	}
	return string(s)
}

func contactClass(s interview.ContactState) string {
	switch s {
	case interview.ContactReached:
		return "good"
	case interview.ContactCalling:
		return "live"
	case interview.ContactRefused:
		return "bad"
	case interview.ContactExhausted:
		return "over"
	}
	return "waits"
}

// reasonWords say why a contact is where it is.
func reasonWords(reason interview.Refusal) string {
	switch reason {
	case store.WaitsForTurn:
		return "is due, and called at the dial rate"
	case store.WaitsForRetry:
		return "the next attempt has its time"
	case interview.RefusalDoNotCall:
		return "is on the do-not-call list"
	case interview.RefusalOutsideHours:
		return "outside of the calling hours"
	case interview.RefusalZoneUnknown:
		return "nothing tells the time zone"
	case interview.RefusalNoConsentBasis:
		return "no basis of consent is known"
	case interview.RefusalLiveCall:
		return "another call to the number is not over"
	case interview.RefusalAttemptsUsed:
		return "all attempts were made"
	case interview.RefusalCapConcurrent:
		return "as many calls as allowed are under way"
	case interview.RefusalCapDay:
		return "as many calls as allowed were made within 24 hours"
	case interview.RefusalStopped:
		return "calls are stopped"
	case interview.RefusalCampaign:
		return "the campaign calls nobody now"
	case interview.RefusalCircuitOpen:
		return "too many calls of the campaign failed"
	case interview.RefusalDecided:
		return "every hypothesis has a verdict"
	case store.ReasonErased:
		return "the personal data was erased"
	case interview.Refusal(interview.CancelRequested):
		return "its call was canceled by somebody"
	case interview.Refusal(interview.CancelWithdrawn):
		return "the consent was withdrawn"
	case interview.Refusal(interview.CancelReached):
		return "was reached by another call"
	case store.ReasonRestored:
		return "was called after the backup that was restored"
	}
	return string(reason)
}

// whyWords say why a contact is in its state, "" where nothing more is to be said.
func (r contactRow) whyWords() string {
	switch {
	case r.Reason == "" && r.State == interview.ContactExhausted:
		return "no attempt is left"
	case r.State != interview.ContactRefused:
	case r.Reason == interview.Refusal(interview.CancelRequested) && r.Attempts == 0:
		return "was canceled by somebody here before it was called"
	case r.Reason == interview.RefusalCampaign:
		return "its campaign calls nobody any more"
	}
	return reasonWords(r.Reason)
}

func contactReasons() []string { return words(interview.Refusals()) }

func (c *Console) contacts(w http.ResponseWriter, r *http.Request, role Role) error {
	if to := readable(r, c.path("/contacts")); to != "" {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	l, query, err := c.listView(r, role, "/contacts", contactConditions...)
	if err != nil {
		return err
	}
	by := store.ContactFilter{CampaignID: query.Get("campaignId"), State: interview.ContactState(query.Get("state")), Reason: interview.Refusal(query.Get("reason")),
		ExternalID: query.Get("externalId")}
	switch {
	case by.State != "" && !by.State.Valid():
		return &badRequest{"There is no state " + string(by.State) + " of contacts."}
	case by.Reason != "" && !by.Reason.Valid():
		return &badRequest{"There is no reason " + string(by.Reason) + " of contacts."}
	case len(by.ExternalID) > 800 || !utf8.ValidString(by.ExternalID) || strings.Contains(by.ExternalID, "\x00"):
		return &badRequest{"An external id has up to 200 characters."}
	case by.ExternalID != "" && role != Admin:
		return &forbidden{"A viewer does not search by external id: it may be a number that is masked."}
	}
	if number := query.Get("phoneNumber"); number != "" {
		if role != Admin {
			return &forbidden{"A viewer does not search by phone number: that would tell the number that is masked."}
		}
		numbers := phoneSpellings(number)
		if len(numbers) == 0 {
			return &badRequest{"phoneNumber must be an E.164 number such as +15551234567."}
		}
		by.PhoneNumber = numbers[len(numbers)-1]
	}
	if by.CampaignID != "" {
		if _, err := c.store.Campaign(r.Context(), by.CampaignID); err != nil {
			return err
		}
	}
	list, err := c.store.Contacts(r.Context(), by, l.page)
	if err != nil {
		return err
	}
	ids := make([]string, len(list.Items))
	for n, contact := range list.Items {
		ids[n] = contact.ID
	}
	optedOut, err := c.store.ContactsOptedOut(r.Context(), ids)
	if err != nil {
		return err
	}
	p := contactsView{listView: l}
	p.next = l.older(list.Next)
	for _, contact := range list.Items {
		row := c.contactRow(role, contact, l.link(contact.ID))
		row.optedOut = optedOut[contact.ID]
		p.rows = append(p.rows, row)
	}
	f := c.frame(r, role, "Contacts")
	c.render(w, r, http.StatusOK, f, contactsPage(p))
	return nil
}

// contactView is what the page of a contact shows.
type contactView struct {
	contactRow
	role      Role
	campaign  string // its address
	name      string // of the campaign
	limit     int
	attempts  []interview.Call
	verdicts  map[string]store.DialVerdict
	variables []parameter
	listed    []doNotCallRow
	back      string
	path      func(string) string
}

func (p contactView) words(text string) string { return shownText(p.role, text) }

// contact shows one contact. Its query is that of the list from which it was opened.
func (c *Console) contact(w http.ResponseWriter, r *http.Request, role Role) error {
	_, query, err := tokens(r, c.path("/contacts"), contactConditions...)
	if err != nil {
		return err
	}
	d, err := c.store.Contact(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	campaign, err := c.store.Campaign(r.Context(), d.Contact.CampaignID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	p := contactView{contactRow: c.contactRow(role, d.Contact, ""), role: role, campaign: c.path("/campaigns/" + url.PathEscape(d.Contact.CampaignID)),
		name: shownText(role, campaign.Name), limit: campaign.Attempts.Limit(), attempts: d.Attempts, verdicts: d.Verdicts, back: address(c.path("/contacts"), query), path: c.path}
	p.optedOut = slices.ContainsFunc(d.Attempts, func(call interview.Call) bool { return call.OptedOutAt != nil })
	p.variables = variablesOf(role, d.Contact.Variables)
	if p.listed, err = c.listedNumber(r.Context(), role, d.Contact.PhoneNumber, d.Contact.CampaignID); err != nil {
		return err
	}
	c.render(w, r, http.StatusOK, c.frame(r, role, "Contact "+d.Contact.ID), contactPage(p))
	return nil
}

// zonesWords are the time zones in which somebody may be.
func zonesWords(zones []string) string {
	if len(zones) > 3 {
		return strings.Join(zones[:3], ", ") + " and " + amount(len(zones)-3, "more", "more")
	}
	return strings.Join(zones, ", ")
}
