package app

import (
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// Decide is what the webhooks decide, for somebody who looks at what they decided: its replies name no host, and it
// takes events of every account.
func Decide() store.Decide { return webhook.New(webhook.Config{}).Decide }

// newProcessor is the inbox of this installation: what arrives, and what is fetched later, is decided alike.
func (a *App) newProcessor() *store.Processor {
	webhooks := webhook.New(webhook.Config{URLs: a.callbackURLs(), Accounts: a.settings.accounts})
	return store.NewProcessor(a.store, webhooks.Decide, webhook.WithoutScript...)
}
