package app

import (
	"github.com/i-agent/iagent/internal/store"
	"github.com/i-agent/iagent/internal/webhook"
)

// Decide is what the webhooks decide, for somebody who looks at what they decided: its replies name no host, and it
// takes events of every account.
func Decide() store.Decide { return webhook.New(webhook.Config{}).Decide }
