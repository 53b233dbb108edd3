package e2e

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// NewContact is a person that a campaign is to reach.
type NewContact struct {
	PhoneNumber  string `json:"phoneNumber"`
	ExternalID   string `json:"externalId,omitempty"`
	TimeZone     string `json:"timeZone,omitempty"`
	ConsentBasis string `json:"consentBasis,omitempty"`
}

// Contact is what the API says of a contact.
type Contact struct {
	ID          string     `json:"id"`
	PhoneNumber string     `json:"phoneNumber"`
	State       string     `json:"state"`
	Reason      *string    `json:"reason"`
	Attempts    int        `json:"attempts"`
	NextAt      *time.Time `json:"nextAt"`
}

// Imported is what became of the rows of an import.
type Imported struct {
	Contacts int `json:"contacts"`
	Counts   struct {
		// Refused counts the rows that are no contacts, by reason.
		Refused map[string]int `json:"refused"`
	} `json:"counts"`
}

// Import adds contacts to a campaign. With a key it may be repeated.
func (c *Client) Import(ctx context.Context, campaignID, key string, contacts []NewContact) (Imported, error) {
	var taken Imported
	_, err := c.Do(ctx, http.MethodPost, "/api/campaigns/"+campaignID+"/contacts", key, map[string]any{"contacts": contacts}, &taken)
	return taken, err
}

// Contacts reads the contacts of a campaign.
func (c *Client) Contacts(ctx context.Context, campaignID string) ([]Contact, error) {
	return readList[Contact](ctx, c, "/api/contacts?campaignId="+url.QueryEscape(campaignID))
}

// CallsOf reads the calls of a campaign, without what only a call's own page has.
func (c *Client) CallsOf(ctx context.Context, campaignID string) ([]Call, error) {
	return readList[Call](ctx, c, "/api/calls?campaignId="+url.QueryEscape(campaignID))
}
