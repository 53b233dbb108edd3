package api

import (
	"strings"

	"github.com/i-agent/iagent/internal/store"
)

// change is what the body asks of the store.
func (c campaignChange) change() store.CampaignChange {
	change := store.CampaignChange{Name: c.Name, Category: c.Category, PromptTemplate: c.PromptTemplate, Status: c.Status,
		AnswerMode: c.AnswerMode, Language: c.Language, RequestedBy: strings.TrimSpace(c.RequestedBy), Reason: strings.TrimSpace(c.Reason)}
	c.callingChange.apply(&change)
	if c.LegalHold != nil {
		change.Hold = &store.Hold{Set: *c.LegalHold, RequestedBy: change.RequestedBy, Reason: change.Reason}
	}
	return change
}

// holdFaults are those of who asks, and why.
func (c campaignChange) holdFaults() []fault {
	return append(textFaults("requestedBy", c.RequestedBy, maxName, false), textFaults("reason", c.Reason, maxReason, false)...)
}
