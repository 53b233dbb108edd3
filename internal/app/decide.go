package app

import (
	"github.com/i-agent/iagent/internal/interview"
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// Decide is what the webhooks decide, for somebody who looks at what they decided: its replies name no host, and it
// takes events of every account.
func Decide() webhook.Decision {
	return webhook.New(webhook.Config{Versions: currentVersions(interview.CallbackURLs{})}).Decide
}

// webhooks are the decisions of this installation.
func (a *App) webhooks() *webhook.Webhooks {
	return webhook.New(webhook.Config{Accounts: a.ownAccounts(), Versions: a.versions()})
}

// newProcessor is the inbox of this installation: what arrives, and what is fetched later, is decided alike.
func (a *App) newProcessor() *store.Processor {
	return store.NewProcessor(a.store, a.decideApart(a.webhooks().Decide), webhook.WithoutScript(a.versions())...)
}
